/** @file
 *  An HDF5 driver over an open descriptor: a file in memory, or one on a disk that may be full.
 *
 *  HDF5's own drivers open by path and resolve it, which a file in memory has not; its memory driver
 *  fills the holes that rows to come will take, and those are larger than the memory.  And a file
 *  that HDF5 cannot flush it can never close: here the first failed write is remembered and all
 *  others are dropped, HDF5 closes in peace, and the caller looks at the target. */
#include "io/store_hdf5.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct info { /* copied into the access properties */
  struct store_target *target;
};

struct target_file {
  H5FD_t super;                /* first: HDF5 sees only this */
  struct store_target *target; /* not owned */
  haddr_t eoa, eof;
};

static H5FD_t *open_file(const char *name, unsigned flags, hid_t access, haddr_t max)
{
  (void)name, (void)max;
  struct stat st;
  const struct info *const info = H5Pget_driver_info(access);
  struct target_file *const f = info ? calloc(1, sizeof *f) : NULL;
  if (!f) return NULL;
  f->target = info->target;
  if (((flags & H5F_ACC_TRUNC) && ftruncate(f->target->fd, 0) != 0) ||
      fstat(f->target->fd, &st) != 0) {
    f->target->why = errno;
    free(f);
    return NULL;
  }
  f->eof = (haddr_t)st.st_size;
  return &f->super;
}

static herr_t close_file(H5FD_t *file)
{
  free(file);
  return 0;
}

static herr_t query(const H5FD_t *file, unsigned long *flags)
{
  (void)file;
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA |
           H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

static haddr_t get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
  (void)type;
  return ((const struct target_file *)file)->eoa;
}

static herr_t set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t eoa)
{
  (void)type;
  ((struct target_file *)file)->eoa = eoa;
  return 0;
}

static haddr_t get_eof(const H5FD_t *file, H5FD_mem_t type)
{
  (void)type;
  return ((const struct target_file *)file)->eof;
}

/** What was never written reads as zeros. */
static herr_t read_bytes(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t at, size_t n, void *to)
{
  (void)type, (void)dxpl;
  const struct target_file *const f = (const struct target_file *)file;
  size_t done = 0;
  while (done < n) {
    const ssize_t got = pread(f->target->fd, (char *)to + done, n - done, (off_t)(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += (size_t)got;
  }
  memset((char *)to + done, 0, n - done);
  return 0;
}

static herr_t write_bytes(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t at, size_t n,
                          const void *from)
{
  (void)type, (void)dxpl;
  struct target_file *const f = (struct target_file *)file;
  size_t done = 0;
  while (done < n && !f->target->why) {
    const ssize_t put =
        pwrite(f->target->fd, (const char *)from + done, n - done, (off_t)(at + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) f->target->why = put < 0 ? errno : EIO;
    done += put > 0 ? (size_t)put : 0;
  }
  if (at + n > f->eof) f->eof = at + n;
  return 0;
}

/** The file ends where the allocated space ends. */
static herr_t fit(H5FD_t *file, hid_t dxpl, hbool_t closing)
{
  (void)dxpl, (void)closing;
  struct target_file *const f = (struct target_file *)file;
  if (f->eof == f->eoa) return 0;
  if (!f->target->why && ftruncate(f->target->fd, (off_t)f->eoa) != 0) f->target->why = errno;
  f->eof = f->eoa;
  return 0;
}

static const H5FD_class_t driver = {
    .name = "descriptor",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(struct info),
    .open = open_file,
    .close = close_file,
    .query = query,
    .get_eoa = get_eoa,
    .set_eoa = set_eoa,
    .get_eof = get_eof,
    .read = read_bytes,
    .write = write_bytes,
    .truncate = fit,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

hid_t store_target_access_make(struct store_target *target)
{
  const struct info info = {target};
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS), id = H5FDregister(&driver);
  const bool ok = access >= 0 && id >= 0 && H5Pset_driver(access, id, &info) >= 0;
  if (id >= 0) (void)H5FDunregister(id); /* the properties keep it */
  if (ok) return access;
  store_drop(access);
  return H5I_INVALID_HID;
}
