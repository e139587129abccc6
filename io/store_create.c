/** @file
 *  From schema to file: the skeleton is built in memory, where its exact size is known, then copied
 *  to blocks that are reserved on the disk, synced, and only then given its name.
 *
 *  HDF5 never touches the disk here, so a full or failing disk is an errno and nothing else. */
#include "io/store_hdf5.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { COPY_BYTES = 1 << 20 };

/** Name of the folder of a path; new. */
static char *folder_make(const char *path)
{
  char *const copy = store_path_make(path, "");
  if (!copy) return NULL;
  char *const folder = store_path_make(dirname(copy), "");
  free(copy);
  return folder;
}

/** Bytes that may still be written where `path` lies, -1 when unknown. */
static int64_t free_bytes(const char *path)
{
  struct statvfs fs;
  char *const folder = folder_make(path);
  const bool known = folder && statvfs(folder, &fs) == 0;
  free(folder);
  return known ? (int64_t)fs.f_bavail * (int64_t)fs.f_frsize : -1;
}

err store_space_error(const char *path, int64_t need, int why)
{
  char needs[64] = "";
  if (need >= 0) (void)snprintf(needs, sizeof needs, " needs %" PRId64 " bytes", need);
  if (why == EFBIG) {
    struct rlimit limit = {0};
    (void)getrlimit(RLIMIT_FSIZE, &limit);
    return FAIL(ERR_IO, "%s%s, but a file may have %llu here (ulimit -f): %s", path, needs,
                (unsigned long long)limit.rlim_cur, strerror(why));
  }
  if (why == ENOSPC || why == EDQUOT) {
    return FAIL(ERR_IO, "%s%s, %" PRId64 " are free: %s", path, need >= 0 ? needs : " does not fit",
                free_bytes(path), strerror(why));
  }
  return FAIL(ERR_IO, "cannot write %s: %s", path, strerror(why));
}

err store_check_absent(const char *path)
{
  struct stat st;
  CHECK(lstat(path, &st) != 0, ERR_USAGE, "%s exists already", path);
  return ERR_OK;
}

/** Build the skeleton in a file that lives in memory only; untouched rows are holes and cost none.
 *  Errors: ERR_IO, ERR_MEMORY. */
static err build_image(const struct store_schema *s, int *fd, int64_t *bytes)
{
  struct stat st;
  err e = ERR_OK;
  store_quiet();
  struct store_target image = {.fd = memfd_create("skeleton", MFD_CLOEXEC)};
  const hid_t access = store_target_access_make(&image);
  CHECK_DONE(image.fd >= 0 && access >= 0, ERR_IO, "cannot make a file in memory");
  TRY_DONE(store_skeleton(access, s, 0));
  if (!image.why && fstat(image.fd, &st) != 0) image.why = errno;
  CHECK_DONE(!image.why, ERR_MEMORY, "a file in memory: %s", strerror(image.why));
  *fd = image.fd;
  *bytes = (int64_t)st.st_size;
  image.fd = -1;
done:
  store_drop(access);
  if (image.fd >= 0) (void)close(image.fd);
  return e;
}

int64_t store_bytes(const struct store_schema *s)
{
  int fd = -1;
  int64_t bytes = 0;
  if (store_check(s) != ERR_OK || build_image(s, &fd, &bytes) != ERR_OK) return store_raw_bytes(s);
  (void)close(fd);
  return bytes;
}

/** Write all of n bytes.  Returns 0 or an errno. */
static int put(int out, const char *bytes, size_t n, off_t at)
{
  while (n > 0) {
    const ssize_t done = pwrite(out, bytes, n, at);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return done < 0 ? errno : EIO;
    bytes += done;
    n -= (size_t)done;
    at += done;
  }
  return 0;
}

/** Copy [from, to) between the same offsets.  Returns 0 or an errno. */
static int copy_range(int in, int out, off_t from, off_t to, char *buffer)
{
  int why = 0;
  while (from < to && !why) {
    const size_t want = to - from < COPY_BYTES ? (size_t)(to - from) : (size_t)COPY_BYTES;
    const ssize_t got = pread(in, buffer, want, from);
    if (got <= 0) return got < 0 ? errno : EIO;
    why = put(out, buffer, (size_t)got, from);
    from += got;
  }
  return why;
}

/** Copy what is not a hole.  Returns 0 or an errno. */
static int copy_sparse(int in, int out, off_t bytes)
{
  char *const buffer = malloc(COPY_BYTES);
  int why = buffer ? 0 : ENOMEM;
  off_t at = 0;
  while (!why && at < bytes) {
    const off_t from = lseek(in, at, SEEK_DATA);
    if (from < 0) { /* only a hole is left */
      if (errno != ENXIO) why = errno;
      break;
    }
    at = lseek(in, from, SEEK_HOLE);
    why = at < 0 ? errno : copy_range(in, out, from, at, buffer);
  }
  free(buffer);
  return why;
}

/** Give the file its size and reserve its blocks.  A file system that cannot reserve (NFS before 4.2,
 *  some parallel ones) gets a file with holes where there is room at the moment; posix_fallocate would
 *  write into every block.  Returns 0 or an errno. */
static int reserve(int fd, const char *path, int64_t bytes)
{
  int why = 0;
  do {
    why = fallocate(fd, 0, 0, (off_t)bytes) == 0 ? 0 : errno;
  } while (why == EINTR);
  if (why != EOPNOTSUPP && why != ENOSYS) return why;
  const int64_t room = free_bytes(path);
  if (room >= 0 && room < bytes) return ENOSPC;
  return ftruncate(fd, (off_t)bytes) == 0 ? 0 : errno;
}

/** Reserve every block of `path`, then write the image.  Errors: ERR_IO. */
static err write_image(const char *path, const char *temporary, int image, int64_t bytes)
{
  const int out = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  CHECK(out >= 0, ERR_IO, "cannot create %s: %s", temporary, strerror(errno));
  int why = reserve(out, path, bytes);
  if (!why) why = copy_sparse(image, out, (off_t)bytes);
  if (close(out) != 0 && !why) why = errno;
  return why ? store_space_error(path, bytes, why) : ERR_OK;
}

static err sync_path(const char *path, int flags)
{
  const int fd = open(path, flags | O_CLOEXEC);
  CHECK(fd >= 0, ERR_IO, "cannot open %s: %s", path, strerror(errno));
  const int why = fsync(fd) == 0 ? 0 : errno;
  (void)close(fd);
  /* Some network file systems do not sync folders and say so. */
  CHECK(!why || ((flags & O_DIRECTORY) && why == EINVAL), ERR_IO, "cannot sync %s: %s", path,
        strerror(why));
  return ERR_OK;
}

/** Rename where the target does not exist; network file systems have no such call of their own. */
static err rename_new(const char *from, const char *to)
{
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return ERR_OK;
  CHECK(errno != EEXIST, ERR_USAGE, "%s exists already", to);
  if (errno == EINVAL || errno == ENOSYS) {
    TRY(store_check_absent(to));
    if (rename(from, to) == 0) return ERR_OK;
  }
  return FAIL(ERR_IO, "cannot rename %s to %s: %s", from, to, strerror(errno));
}

err store_publish(const char *temporary, const char *path)
{
  TRY(sync_path(temporary, O_RDWR));
  TRY(rename_new(temporary, path));
  char *const folder = folder_make(path);
  CHECK(folder, ERR_MEMORY, "out of memory for a path");
  const err e = sync_path(folder, O_RDONLY | O_DIRECTORY);
  free(folder);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** A limit on the size of files would also stop the image in memory: said before, with its name. */
static err check_limit(const char *path, const struct store_schema *s)
{
  struct rlimit limit;
  const int64_t bytes = store_raw_bytes(s);
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return ERR_OK;
  return (rlim_t)bytes < limit.rlim_cur ? ERR_OK : store_space_error(path, bytes, EFBIG);
}

err store_write_skeleton(const char *path, const char *temporary, const struct store_schema *s)
{
  int image = -1;
  int64_t bytes = 0;
  TRY(store_check(s));
  TRY(store_check_absent(path));
  TRY(check_limit(path, s));
  TRY(build_image(s, &image, &bytes));
  const err e = write_image(path, temporary, image, bytes);
  (void)close(image);
  if (e) (void)unlink(temporary);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err store_create(const char *path, const struct store_schema *s)
{
  char *const temporary = store_path_make(path, ".tmp");
  CHECK(temporary, ERR_MEMORY, "out of memory for a path");
  err e = store_write_skeleton(path, temporary, s);
  if (!e) {
    e = store_publish(temporary, path);
    if (e) (void)unlink(temporary); /* after a successful rename there is no such name */
  }
  free(temporary);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
