/** @file
 *  Opening and closing, finding variables, syncing. */
#include "io/store.h"

#include "io/store_hdf5.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 16 };

static err check_origin(const struct store *s)
{
  char *software = NULL;
  int n = 0;
  int64_t version = 0;
  const err e = store_attr_read_text(s->file, "software", &software);
  const bool ours = !e && !strcmp(software, "retrograd");
  free(software);
  CHECK(ours, ERR_FORMAT, "%s was not made by retrograd", s->path);
  TRY(store_attr_i64((struct store *)s, "/", "schema_version", 1, &n, &version));
  CHECK(version == STORE_SCHEMA_VERSION, ERR_UNSUPPORTED,
        "%s has schema version %" PRId64 ", this program reads version %d", s->path, version,
        STORE_SCHEMA_VERSION);
  return ERR_OK;
}

struct store *store_make(const char *path)
{
  struct store *const s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->file = H5I_INVALID_HID;
  s->transfer = H5I_INVALID_HID;
  s->fd = -1;
  s->path = store_path_make(path, "");
  s->slots = calloc(ROOM, sizeof *s->slots);
  s->room = ROOM;
  if (s->path && s->slots) return s;
  free(s->path);
  free(s->slots);
  free(s);
  return NULL;
}

static err open_hdf5(struct store *s, unsigned flags, hid_t access)
{
  CHECK(access >= 0, ERR_IO, "cannot prepare the opening of %s: %s", s->path, REASON);
  s->file = H5Fopen(s->path, flags, access);
  CHECK(s->file >= 0, ERR_FORMAT, "%s is not an HDF5 file or is damaged: %s", s->path, REASON);
  return check_origin(s);
}

/** The rank's own descriptor: tells first what is wrong with the path, and syncs later. */
static err open_descriptor(struct store *s, int flags)
{
  s->fd = open(s->path, flags | O_CLOEXEC);
  if (s->fd >= 0) return ERR_OK;
  const bool missing = errno == ENOENT || errno == ENOTDIR;
  const err code = missing || flags == O_RDONLY ? ERR_INPUT : ERR_IO;
  return FAIL(code, "cannot open %s: %s", s->path, strerror(errno));
}

static err open_parallel(struct store *s, MPI_Comm comm)
{
  const hid_t access = store_access_make();
  err e = ERR_OK;
  s->parallel = true;
  s->transfer = H5Pcreate(H5P_DATASET_XFER);
  if (H5Pset_fapl_mpio(access, comm, MPI_INFO_NULL) < 0 ||
      H5Pset_coll_metadata_write(access, 1) < 0 ||
      H5Pset_dxpl_mpio(s->transfer, H5FD_MPIO_INDEPENDENT) < 0) {
    e = FAIL(ERR_IO, "cannot prepare the opening of %s: %s", s->path, REASON);
  }
  e = store_agree(comm, s->path, e);
  if (!e) e = open_hdf5(s, H5F_ACC_RDWR, access);
  store_drop(access);
  return store_agree(comm, s->path, e);
}

err store_open(const char *path, MPI_Comm comm, struct store **out)
{
  store_quiet();
  struct store *s = store_make(path);
  err e = s ? open_descriptor(s, O_RDWR) : FAIL(ERR_MEMORY, "out of memory for %s", path);
  e = store_agree(comm, path,
                  e); /* the commonest failures end here, before any collective call of HDF5 */
  if (!e) {
    store_watch_begin(comm, path);
    e = open_parallel(s, comm);
    store_watch_end();
  }
  if (e) {
    store_close(&s);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = s;
  return ERR_OK;
}

err store_open_read(const char *path, struct store **out)
{
  store_quiet();
  struct store *s = store_make(path);
  CHECK(s, ERR_MEMORY, "out of memory for %s", path);
  const hid_t access = store_access_make();
  err e = open_descriptor(s, O_RDONLY);
  s->transfer = H5Pcreate(H5P_DATASET_XFER);
  if (!e) e = open_hdf5(s, H5F_ACC_RDONLY, access);
  store_drop(access);
  if (e) {
    store_close(&s);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = s;
  return ERR_OK;
}

static void drop_slot(struct store_slot *v)
{
  store_drop(v->set);
  store_drop(v->space);
  store_drop(v->type);
  free(v->path);
}

void store_drop_slots(struct store *s)
{
  for (int i = 0; i < s->n_slots; i++) drop_slot(&s->slots[i]);
  s->n_slots = 0;
}

void store_close(struct store **s)
{
  struct store *const d = *s;
  if (!d) return;
  store_drop_slots(d);
  store_drop(d->transfer);
  if (d->file >= 0) (void)H5Fclose(d->file);
  if (d->fd >= 0) (void)close(d->fd);
  free(d->slots);
  store_sums_free(&d->sums);
  free(d->temporary);
  free(d->path);
  free(d);
  *s = NULL;
}

static err reserve_slot(struct store *s)
{
  if (s->n_slots < s->room) return ERR_OK;
  struct store_slot *const more = realloc(s->slots, 2 * (size_t)s->room * sizeof *more);
  CHECK(more, ERR_MEMORY, "out of memory for the variables of %s", s->path);
  s->slots = more;
  s->room *= 2;
  return ERR_OK;
}

/** The parallel run must write a variable where it lies: no filter, no chunk. */
static err check_layout(const struct store *s, const struct store_slot *v)
{
  if (!s->parallel) return ERR_OK;
  const hid_t properties = H5Dget_create_plist(v->set);
  const H5D_layout_t layout = H5Pget_layout(properties);
  store_drop(properties);
  CHECK(layout == H5D_CONTIGUOUS, ERR_UNSUPPORTED,
        "%s: %s is packed; a packed study cannot be continued", s->path, v->path);
  return ERR_OK;
}

static err open_slot(const struct store *s, struct store_slot *v)
{
  CHECK(v->path, ERR_MEMORY, "out of memory for a name");
  v->set = H5Dopen2(s->file, v->path, H5P_DEFAULT);
  CHECK(v->set >= 0, ERR_FORMAT, "%s has no variable %s", s->path, v->path);
  v->space = H5Dget_space(v->set);
  v->type = H5Dget_type(v->set);
  v->n_dims = H5Sget_simple_extent_ndims(v->space);
  CHECK(v->n_dims >= 1 && v->n_dims <= STORE_MAX_DIMS, ERR_FORMAT, "%s: %s has %d dimensions",
        s->path, v->path, v->n_dims);
  (void)H5Sget_simple_extent_dims(v->space, v->dim, NULL);
  TRY(store_type_of(v->type, v->path, &v->kind));
  CHECK(H5Sget_simple_extent_npoints(v->space) > 0, ERR_FORMAT, "%s: %s is empty", s->path,
        v->path);
  v->row_bytes = (int64_t)H5Tget_size(v->type);
  const haddr_t offset = H5Dget_offset(v->set);
  v->offset = offset == HADDR_UNDEF ? -1 : (int64_t)offset;
  for (int axis = 1; axis < v->n_dims; axis++) v->row_bytes *= (int64_t)v->dim[axis];
  return check_layout(s, v);
}

err store_find(struct store *s, const char *path, int *var)
{
  for (int i = 0; i < s->n_slots; i++) {
    if (!strcmp(s->slots[i].path, path)) {
      *var = i;
      return ERR_OK;
    }
  }
  TRY(reserve_slot(s));
  struct store_slot *const v = &s->slots[s->n_slots];
  *v = (struct store_slot){.path = store_path_make(path, ""),
                           .set = H5I_INVALID_HID,
                           .space = H5I_INVALID_HID,
                           .type = H5I_INVALID_HID};
  const err e = open_slot(s, v);
  if (e) {
    drop_slot(v);
    return err_trace(e, __FILE__, __LINE__);
  }
  *var = s->n_slots++;
  return ERR_OK;
}

void store_extent(const struct store *s, int var, int *n_dims, int64_t dims[STORE_MAX_DIMS])
{
  const struct store_slot *const v = &s->slots[var];
  *n_dims = v->n_dims;
  for (int axis = 0; axis < v->n_dims; axis++) dims[axis] = (int64_t)v->dim[axis];
}

int64_t store_row_bytes(const struct store *s, int var)
{
  return s->slots[var].row_bytes;
}

enum store_type store_kind(const struct store *s, int var)
{
  return s->slots[var].kind;
}

double store_clock(void)
{
  struct timespec now = {0};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double store_seconds(const struct store *s)
{
  return s->seconds;
}

err store_sync(struct store *s)
{
  const double began = store_clock();
  CHECK(fsync(s->fd) == 0, ERR_IO, "cannot sync %s: %s", s->path, strerror(errno));
  s->seconds += store_clock() - began;
  return ERR_OK;
}

const char *store_version(void)
{
  return "HDF5 " H5_VERSION;
}
