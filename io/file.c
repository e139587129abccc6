/** @file
 *  Whole files into memory, with a limit and without ever blocking on what is not a file. */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool file_again(int why, int *tries)
{
  static const int most = 6;
  if ((why != EINTR && why != EAGAIN && why != ESTALE) || *tries >= most) return false;
  const struct timespec pause = {.tv_nsec = (why == EINTR ? 100000L : 10000000L) << *tries};
  (void)nanosleep(&pause, NULL);
  ++*tries;
  return true;
}

int file_open(const char *path)
{
  int tries = 0, fd = -1;
  do {
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  } while (fd < 0 && file_again(errno, &tries));
  return fd;
}

/** Fill bytes[n] or stop at the end of the file; returns what was read, -1 on an error. */
static int64_t fill(int fd, uint8_t *bytes, size_t n)
{
  size_t done = 0;

  while (done < n) {
    const ssize_t got = read(fd, bytes + done, n - done);
    if (got < 0) return -1;
    if (got == 0) break;
    done += (size_t)got;
  }
  return (int64_t)done;
}

/** *why: errno of a call that failed. */
static err read_open(int fd, const char *path, enum limit most, uint8_t **bytes, size_t *n,
                     int *why)
{
  struct stat is;

  *why = fstat(fd, &is) == 0 ? 0 : errno;
  CHECK(!*why, ERR_INPUT, "%s: %s", path, strerror(*why));
  CHECK(S_ISREG(is.st_mode), ERR_INPUT, "%s: not a regular file", path);
  CHECK(is.st_size <= limit_of(most), ERR_UNSUPPORTED,
        "%s: %lld bytes are more than the %lld allowed%s", path, (long long)is.st_size,
        (long long)limit_of(most), limit_hint(most));
  uint8_t *b = malloc((size_t)is.st_size + 1);
  CHECK(b, ERR_MEMORY, "%s: no memory for %lld bytes", path, (long long)is.st_size);
  const int64_t got = fill(fd, b, (size_t)is.st_size);
  if (got < 0) {
    *why = errno;
    free(b);
    return FAIL(ERR_INPUT, "%s: %s", path, strerror(*why));
  }
  b[got] = 0;
  *bytes = b;
  *n = (size_t)got;
  return ERR_OK;
}

err file_read(const char *path, enum limit most, uint8_t **bytes, size_t *n)
{
  int tries = 0, why = 0;
  err e = ERR_OK;

  do { /* from the opening on: a stale handle stays one */
    const int fd = file_open(path);
    CHECK(fd >= 0, ERR_INPUT, "%s: %s", path, strerror(errno));
    e = read_open(fd, path, most, bytes, n, &why);
    (void)close(fd);
  } while (e && why && file_again(why, &tries));
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
