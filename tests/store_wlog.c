/** @file
 *  Records what a process does to files whose path contains $WLOG_MATCH, with data and times, in
 *  $WLOG_DIR/log.PID.  Loaded before the C library (LD_PRELOAD); io_store_kill.py rebuilds from it the
 *  file as it was at any instant.
 *
 *  Record: begin, end (ns), inode, offset or size, bytes of data, kind, process; then the data. */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc calls its parameters __fd;
 * NOLINTBEGIN(performance-no-int-to-ptr): an iovec has no const */
enum kind { KIND_WRITE = 1, KIND_SIZE = 2, KIND_SYNC = 3, KIND_RENAME = 4 };

struct record {
  uint64_t begin, end, inode, offset, bytes;
  uint32_t kind, process;
};

typedef ssize_t write_fn(int, const void *, size_t);
typedef ssize_t pwrite_fn(int, const void *, size_t, off_t);
typedef ssize_t pwritev_fn(int, const struct iovec *, int, off_t);
typedef int size_fn(int, off_t);
typedef int reserve_fn(int, int, off_t, off_t);
typedef int sync_fn(int);
typedef int rename_fn(int, const char *, int, const char *, unsigned);

/** The function that this library hides. */
static void *hidden(const char *name)
{
  return dlsym(RTLD_NEXT, name);
}

static uint64_t now(void)
{
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Read before there are threads: MPI's write while the main thread changes the environment. */
static const char *match, *folder;
__attribute__((constructor)) static void read_environment(void)
{
  match = getenv("WLOG_MATCH");
  folder = getenv("WLOG_DIR");
}

/** Inode of a file that is watched, 0 for all others. */
static uint64_t watched(int fd)
{
  char link[64], path[PATH_MAX];
  struct stat st;
  (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0 || !match) return 0;
  path[n] = '\0';
  return strstr(path, match) && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_ino : 0;
}

/** One record by one appending write, so that threads do not mix. */
static void put(struct record r, const void *data)
{
  char path[PATH_MAX];
  if (!folder) return;
  r.end = now();
  r.process = (uint32_t)getpid();
  (void)snprintf(path, sizeof path, "%s/log.%d", folder, (int)getpid());
  const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const struct iovec parts[] = {{&r, sizeof r}, {(void *)(uintptr_t)data, r.bytes}};
  if (fd < 0 || writev(fd, parts, data ? 2 : 1) < 0) abort();
  (void)close(fd);
}

static void put_write(uint64_t begin, int fd, off_t offset, ssize_t n, const void *data)
{
  const uint64_t inode = n > 0 ? watched(fd) : 0;
  if (!inode) return;
  put((struct record){.begin = begin,
                      .inode = inode,
                      .offset = (uint64_t)offset,
                      .bytes = (uint64_t)n,
                      .kind = KIND_WRITE},
      data);
}

static void put_call(uint64_t begin, int fd, enum kind kind, off_t offset)
{
  const uint64_t inode = watched(fd);
  if (!inode) return;
  put((struct record){.begin = begin, .inode = inode, .offset = (uint64_t)offset, .kind = kind},
      NULL);
}

static ssize_t do_pwrite(const char *name, int fd, const void *data, size_t n, off_t at)
{
  pwrite_fn *const real = (pwrite_fn *)hidden(name);
  const uint64_t begin = now();
  const ssize_t done = real(fd, data, n, at);
  put_write(begin, fd, at, done, data);
  return done;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at);
ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
  return do_pwrite("pwrite", fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off_t at);
ssize_t pwrite64(int fd, const void *data, size_t n, off_t at)
{
  return do_pwrite("pwrite64", fd, data, n, at);
}

static ssize_t do_pwritev(const char *name, int fd, const struct iovec *v, int parts, off_t at)
{
  pwritev_fn *const real = (pwritev_fn *)hidden(name);
  const uint64_t begin = now();
  ssize_t left = real(fd, v, parts, at);
  const ssize_t done = left;
  for (int i = 0; i < parts && left > 0; i++) {
    const ssize_t n = (ssize_t)v[i].iov_len < left ? (ssize_t)v[i].iov_len : left;
    put_write(begin, fd, at, n, v[i].iov_base);
    at += n;
    left -= n;
  }
  return done;
}

ssize_t pwritev(int fd, const struct iovec *v, int parts, off_t at);
ssize_t pwritev(int fd, const struct iovec *v, int parts, off_t at)
{
  return do_pwritev("pwritev", fd, v, parts, at);
}

ssize_t pwritev64(int fd, const struct iovec *v, int parts, off_t at);
ssize_t pwritev64(int fd, const struct iovec *v, int parts, off_t at)
{
  return do_pwritev("pwritev64", fd, v, parts, at);
}

ssize_t write(int fd, const void *data, size_t n);
ssize_t write(int fd, const void *data, size_t n)
{
  write_fn *const real = (write_fn *)hidden("write");
  const uint64_t begin = now();
  const off_t at = fd > 2 ? lseek(fd, 0, SEEK_CUR) : -1;
  const ssize_t done = real(fd, data, n);
  if (at >= 0) put_write(begin, fd, at, done, data);
  return done;
}

static int do_size(const char *name, int fd, off_t size)
{
  size_fn *const real = (size_fn *)hidden(name);
  const uint64_t begin = now();
  const int failed = real(fd, size);
  if (!failed) put_call(begin, fd, KIND_SIZE, size);
  return failed;
}

int ftruncate(int fd, off_t size);
int ftruncate(int fd, off_t size)
{
  return do_size("ftruncate", fd, size);
}

int ftruncate64(int fd, off_t size);
int ftruncate64(int fd, off_t size)
{
  return do_size("ftruncate64", fd, size);
}

static int do_reserve(const char *name, int fd, int mode, off_t at, off_t size)
{
  reserve_fn *const real = (reserve_fn *)hidden(name);
  const uint64_t begin = now();
  const int failed = real(fd, mode, at, size);
  if (!failed) put_call(begin, fd, KIND_SIZE, at + size);
  return failed;
}

int fallocate(int fd, int mode, off_t at, off_t size);
int fallocate(int fd, int mode, off_t at, off_t size)
{
  return do_reserve("fallocate", fd, mode, at, size);
}

int fallocate64(int fd, int mode, off_t at, off_t size);
int fallocate64(int fd, int mode, off_t at, off_t size)
{
  return do_reserve("fallocate64", fd, mode, at, size);
}

static int do_sync(const char *name, int fd)
{
  sync_fn *const real = (sync_fn *)hidden(name);
  const uint64_t begin = now();
  const int failed = real(fd);
  if (!failed) put_call(begin, fd, KIND_SYNC, 0);
  return failed;
}

int fsync(int fd);
int fsync(int fd)
{
  return do_sync("fsync", fd);
}

int fdatasync(int fd);
int fdatasync(int fd)
{
  return do_sync("fdatasync", fd);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
  rename_fn *const real = (rename_fn *)hidden("renameat2");
  struct stat st;
  const uint64_t begin = now();
  const int failed = real(from_fd, from, to_fd, to, flags);
  if (!failed && match && strstr(to, match) && fstatat(to_fd, to, &st, 0) == 0) {
    put(
        (struct record){
            .begin = begin, .inode = st.st_ino, .bytes = strlen(to), .kind = KIND_RENAME},
        to);
  }
  return failed;
}
/* NOLINTEND(performance-no-int-to-ptr)
 * NOLINTEND(readability-inconsistent-declaration-parameter-name) */
