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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/** Path of a file of this process with that ending, in memory where the system has such a folder. */
static inline const char *fuzz_path(const char *ending)
{
  static char path[64];
  const char *folder = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
  (void)snprintf(path, sizeof path, "%s/fuzz.%ld%s", folder, (long)getpid(), ending);
  return path;
}

/** Overwrite that file; its path.  It is left behind when the process is killed, as libFuzzer does. */
static inline const char *fuzz_file(const char *ending, const uint8_t *bytes, size_t n)
{
  const char *path = fuzz_path(ending);
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, bytes, n) != (ssize_t)n) abort();
  (void)close(fd);
  return path;
}
