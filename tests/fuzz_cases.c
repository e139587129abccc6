/** @file
 *  Run a fuzz target on files, as libFuzzer would: seeds and the cases that were found once. */
#include "tests/fuzz_file.h"

static uint8_t *read_all(const char *path, size_t *n)
{
  FILE *f = fopen(path, "rb");
  if (!f || fseek(f, 0, SEEK_END)) return NULL;
  const long size = ftell(f);
  uint8_t *bytes = size < 0 ? NULL : malloc((size_t)size + 1);
  rewind(f);
  *n = bytes ? fread(bytes, 1, (size_t)size, f) : 0;
  (void)fclose(f);
  return bytes;
}

int main(int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    size_t n = 0;
    uint8_t *bytes = read_all(argv[i], &n);
    if (!bytes) return 2;
    (void)LLVMFuzzerTestOneInput(bytes, n);
    free(bytes);
  }
  (void)printf("%d files\n", argc - 1);
  return argc > 1 ? 0 : 2;
}
