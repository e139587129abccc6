/** @file
 *  A file made by one process from others: it has its name when it is complete. */
#include "io/store_hdf5.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

err store_schema_read(struct store *s, struct store_copy **out, const struct store_schema **schema)
{
  struct store_copy *c = calloc(1, sizeof *c);
  CHECK(c, ERR_MEMORY, "out of memory for the schema of %s", s->path);
  const err e = store_copy_read(s, c);
  if (e) {
    store_schema_free(&c);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = c;
  *schema = &c->s;
  return ERR_OK;
}

void store_schema_free(struct store_copy **c)
{
  if (!*c) return;
  store_copy_free(*c);
  free(*c);
  *c = NULL;
}

static err open_temporary(struct store *s)
{
  s->fd = open(s->temporary, O_RDWR | O_CLOEXEC);
  CHECK(s->fd >= 0, ERR_IO, "cannot open %s: %s", s->temporary, strerror(errno));
  s->target = (struct store_target){.fd = s->fd};
  const hid_t access = store_target_access_make(&s->target);
  s->transfer = H5Pcreate(H5P_DATASET_XFER);
  s->file = H5Fopen("study", H5F_ACC_RDWR, access);
  store_drop(access);
  CHECK(s->file >= 0 && s->transfer >= 0, ERR_IO, "cannot open %s: %s", s->temporary, REASON);
  return ERR_OK;
}

err store_begin(const char *path, const struct store_schema *schema, struct store **out)
{
  struct store *s = store_make(path);
  CHECK(s, ERR_MEMORY, "out of memory for %s", path);
  s->temporary = store_path_make(path, ".tmp");
  err e = s->temporary ? ERR_OK : FAIL(ERR_MEMORY, "out of memory for %s", path);
  if (!e) e = store_write_skeleton(path, s->temporary, schema);
  if (e) {
    store_close(&s);
    return err_trace(e, __FILE__, __LINE__);
  }
  e = open_temporary(s);
  if (e) {
    store_discard(&s);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = s;
  return ERR_OK;
}

/** HDF5 writes what it has kept back; what the disk refuses is in the target. */
static err close_file(struct store *s)
{
  store_drop_slots(s);
  const bool closed = H5Fclose(s->file) >= 0;
  s->file = H5I_INVALID_HID;
  if (s->target.why) return store_space_error(s->path, -1, s->target.why);
  CHECK(closed, ERR_IO, "cannot close %s: %s", s->temporary, REASON);
  return ERR_OK;
}

err store_finish(struct store **store)
{
  struct store *const s = *store;
  err e = close_file(s);
  if (!e) e = store_publish(s->temporary, s->path);
  if (e) {
    store_discard(store);
    return err_trace(e, __FILE__, __LINE__);
  }
  store_close(store);
  return ERR_OK;
}

void store_discard(struct store **s)
{
  if (!*s) return;
  (void)unlink((*s)->temporary);
  store_close(s);
}
