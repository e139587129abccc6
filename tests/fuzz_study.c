/** @file
 *  Any bytes as a study file. */
#include "io/yaml.h"
#include "tests/fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
  struct yaml_pairs p = {0};
  if (!yaml_pairs_read(fuzz_file(".yaml", bytes, n), &p)) yaml_pairs_free(&p);
  return 0;
}
