#pragma once
/* What the fuzz targets share: a file that holds the bytes at hand.  Each target is a function
 * LLVMFuzzerTestOneInput, linked with libFuzzer (preset fuzz) or with fuzz_cases.c, which runs it on
 * files: ctest fuzz.cases. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* libFuzzer's names: what it calls, and the mutation it lends.
 * NOLINTBEGIN(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
/* NOLINTEND(readability-identifier-naming) */

/** Path of a file of this process with that ending, in the folder TMPDIR, which the scripts make in
 *  memory and take away. */
static inline const char *fuzz_path(const char *ending)
{
  static char path[4096];
  const char *folder = getenv("TMPDIR");
  (void)snprintf(path, sizeof path, "%.4000s/fuzz.%ld%s", folder ? folder : "/tmp", (long)getpid(),
                 ending);
  return path;
}

/** Overwrite that file, which stays open: opening it for writing each time takes longer than most
 *  executions.  Its path. */
static inline const char *fuzz_file(const char *ending, const uint8_t *bytes, size_t n)
{
  static int fd = -1;
  static const char *path;
  if (fd < 0) {
    path = fuzz_path(ending);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  }
  if (fd < 0 || pwrite(fd, bytes, n, 0) != (ssize_t)n || ftruncate(fd, (off_t)n)) abort();
  return path;
}
