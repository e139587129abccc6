/** @file
 *  Any bytes as a CSV manifest. */
#include "io/dataset.h"
#include "tests/fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
  static char *names[] = {"cat", "dog", "red fox"};
  const struct recipe r = {
      .channels = 3, .height = 8, .width = 8, .n_classes = 3, .classes = names};
  struct dataset *d = NULL;
  if (!dataset_open(fuzz_file(".csv", bytes, n), &r, 0, &d)) {
    for (int64_t i = 0; i < dataset_count(d); i++)
      if (dataset_sample(d, i).label >= 3) abort();
  }
  dataset_close(&d);
  return 0;
}
