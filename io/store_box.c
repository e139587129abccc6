/** @file
 *  Reading parts of rows. */
#include "io/store_hdf5.h"

#include <inttypes.h>

static err check_box(const struct store *s, const struct store_slot *v, const int64_t *first,
                     const int64_t *count)
{
  CHECK(v->kind != STORE_TEXT, ERR_UNSUPPORTED, "%s: the text %s cannot be read in parts", s->path,
        v->path);
  for (int k = 0; k < v->n_dims; k++) {
    CHECK(first[k] >= 0 && count[k] >= 1 && first[k] <= (int64_t)v->dim[k] - count[k], ERR_SHAPE,
          "%s: entries %" PRId64 " to %" PRId64 " of axis %d of %s, which has %" PRId64, s->path,
          first[k], first[k] + count[k], k, v->path, (int64_t)v->dim[k]);
  }
  return ERR_OK;
}

err store_read_box(struct store *s, int var, const int64_t *first, const int64_t *count,
                   void *values)
{
  const struct store_slot *const v = &s->slots[var];
  hsize_t start[STORE_MAX_DIMS], size[STORE_MAX_DIMS];

  TRY(check_box(s, v, first, count));
  for (int k = 0; k < v->n_dims; k++) {
    start[k] = (hsize_t)first[k];
    size[k] = (hsize_t)count[k];
  }
  const hid_t file = H5Scopy(v->space), memory = H5Screate_simple(v->n_dims, size, NULL);
  const bool read = H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, size, NULL) >= 0 &&
                    H5Dread(v->set, v->type, memory, file, s->transfer, values) >= 0;
  const err e =
      read ? ERR_OK : FAIL(ERR_IO, "%s: cannot read a part of %s: %s", s->path, v->path, REASON);
  store_drop(memory);
  store_drop(file);
  return e;
}
