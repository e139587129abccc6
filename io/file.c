/** @file
 *  Whole files into memory, with a limit and without ever blocking on what is not a file. */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Fill bytes[n] or stop at the end of the file; returns what was read, -1 on an error. */
static int64_t fill(int fd, uint8_t *bytes, size_t n)
{
  size_t done = 0;

  while (done < n) {
    const ssize_t got = read(fd, bytes + done, n - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += (size_t)got;
  }
  return (int64_t)done;
}

static err read_open(int fd, const char *path, int64_t max_bytes, uint8_t **bytes, size_t *n)
{
  struct stat is;

  CHECK(fstat(fd, &is) == 0, ERR_INPUT, "%s: %s", path, strerror(errno));
  CHECK(S_ISREG(is.st_mode), ERR_INPUT, "%s: not a regular file", path);
  CHECK(is.st_size <= max_bytes, ERR_UNSUPPORTED, "%s: %lld bytes are more than the %lld allowed",
        path, (long long)is.st_size, (long long)max_bytes);
  uint8_t *b = malloc((size_t)is.st_size + 1);
  CHECK(b, ERR_MEMORY, "%s: no memory for %lld bytes", path, (long long)is.st_size);
  const int64_t got = fill(fd, b, (size_t)is.st_size);
  if (got < 0) {
    const err e = FAIL(ERR_INPUT, "%s: %s", path, strerror(errno));
    free(b);
    return e;
  }
  b[got] = 0;
  *bytes = b;
  *n = (size_t)got;
  return ERR_OK;
}

err file_read(const char *path, int64_t max_bytes, uint8_t **bytes, size_t *n)
{
  const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

  CHECK(fd >= 0, ERR_INPUT, "%s: %s", path, strerror(errno));
  const err e = read_open(fd, path, max_bytes, bytes, n);
  (void)close(fd);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}

int64_t file_bytes(const char *path)
{
  struct stat is;
  return stat(path, &is) == 0 && S_ISREG(is.st_mode) ? (int64_t)is.st_size : -1;
}

char *file_join(const char *folder, const char *path)
{
  char *joined = NULL;

  if (path[0] == '/' || !folder || !folder[0]) return strdup(path);
  const size_t n = strlen(folder);
  return asprintf(&joined, "%s%s%s", folder, folder[n - 1] == '/' ? "" : "/", path) < 0 ? NULL
                                                                                        : joined;
}

char *file_folder(const char *path)
{
  const char *cut = strrchr(path, '/');

  if (!cut) return strdup(".");
  return cut == path ? strdup("/") : strndup(path, (size_t)(cut - path));
}
