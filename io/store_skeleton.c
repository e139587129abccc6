/** @file
 *  The skeleton: every group, scale, variable and attribute of a file, made once by one process.
 *
 *  No time stamps and creation order tracked: the same schema gives the same bytes, and readers list
 *  the variables in the order of the schema. */
#include "io/store_hdf5.h"

#include <stdlib.h>
#include <string.h>

enum {
  ALIGN_FROM =
      65536, /* bytes from which a dataset begins on a page: its own rows only share pages */
  ALIGN_TO = 4096,
  METADATA_BLOCK = 65536, /* metadata lies together: a reader on a network disk reads few places */
  /* An attribute in an old object header has at most 64 KiB, a reference takes 16 bytes: from here
     on the scale's list of users needs the attribute storage of HDF5 1.8. */
  MAX_OLD_REFERENCES = 4000,
  CHUNK_BYTES = 1 << 19,
  CHUNK_MAX = 1 << 22,
  CHUNK_MIN = 1 << 15 /* smaller variables stay contiguous: a chunk index would outweigh the gain */
};

struct skeleton {
  const struct store_schema *schema;
  hid_t file;
  hid_t folder; /* creation properties of groups */
  hid_t *scale; /* [n_dims] owned, -1 until made */
  int level;
};

static err write_attr(hid_t object, const char *owner, const struct store_attr *a)
{
  const hsize_t n = (hsize_t)a->n;
  char **const text = a->type == STORE_TEXT ? store_text_make(1, &a->text) : NULL;
  const void *const numbers = a->type == STORE_I64 ? (const void *)a->i64 : (const void *)a->f64;
  const hid_t type = store_type_make(a->type);
  const hid_t space = text || a->n == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &n, NULL);
  const hid_t attr = H5Acreate2(object, a->name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  err e = ERR_OK;
  CHECK_DONE(text || a->type != STORE_TEXT, ERR_MEMORY, "out of memory for an attribute");
  CHECK_DONE(attr >= 0 && H5Awrite(attr, type, text ? (const void *)text : numbers) >= 0, ERR_IO,
             "cannot write attribute %s of %s: %s", a->name, owner, REASON);
done:
  store_drop(attr);
  store_drop(space);
  store_drop(type);
  free(text);
  return e;
}

static err write_text_attr(hid_t object, const char *owner, const char *name, const char *text)
{
  const struct store_attr a = {.name = name, .type = STORE_TEXT, .text = text};
  return write_attr(object, owner, &a);
}

/** Open a group of the root, making it where it is new. */
static err open_group(const struct skeleton *k, const char *name, hid_t *out)
{
  const htri_t there = H5Lexists(k->file, name, H5P_DEFAULT);
  CHECK(there >= 0, ERR_IO, "cannot look for group %s: %s", name, REASON);
  *out = there ? H5Gopen2(k->file, name, H5P_DEFAULT)
               : H5Gcreate2(k->file, name, H5P_DEFAULT, k->folder, H5P_DEFAULT);
  CHECK(*out >= 0, ERR_IO, "cannot make group %s: %s", name, REASON);
  return ERR_OK;
}

/** How a dataset lies in the file. */
struct layout {
  enum store_type type;
  int n_dims;
  const hsize_t *dim;
  int level; /* > 0: chunked and deflated */
  bool zero;
};

bool store_chunk(int n_dims, const hsize_t *dim, size_t item, hsize_t *chunk)
{
  hsize_t row = item;
  for (int axis = 1; axis < n_dims; axis++) row *= dim[axis];
  if (row * dim[0] < CHUNK_MIN) return false;
  memcpy(chunk, dim, (size_t)n_dims * sizeof *chunk);
  chunk[0] = row < CHUNK_BYTES ? CHUNK_BYTES / row : 1;
  if (chunk[0] > dim[0]) chunk[0] = dim[0];
  for (int axis = 1; axis < n_dims && row > CHUNK_MAX; axis++) {
    row /= dim[axis];
    chunk[axis] = row < CHUNK_BYTES ? CHUNK_BYTES / row : 1;
    if (chunk[axis] > dim[axis]) chunk[axis] = dim[axis];
  }
  return true;
}

/** Creation properties.  Strings need the fill value "no string"; all other values are not written
 *  at creation, because the blocks are reserved later and rows count by their status alone. */
static hid_t make_properties(const struct layout *l, size_t item)
{
  hsize_t chunk[STORE_MAX_DIMS];
  const hid_t p = H5Pcreate(H5P_DATASET_CREATE);
  const bool packed = l->level > 0 && store_chunk(l->n_dims, l->dim, item, chunk);
  const H5D_fill_time_t fill = l->zero ? H5D_FILL_TIME_ALLOC : H5D_FILL_TIME_NEVER;
  bool ok = p >= 0 && H5Pset_obj_track_times(p, 0) >= 0;
  if (ok && l->type != STORE_TEXT) ok = H5Pset_fill_time(p, fill) >= 0;
  if (ok && packed) {
    ok = H5Pset_chunk(p, l->n_dims, chunk) >= 0 && H5Pset_shuffle(p) >= 0 &&
         H5Pset_deflate(p, (unsigned)l->level) >= 0;
  } else if (ok) {
    ok = H5Pset_alloc_time(p, H5D_ALLOC_TIME_EARLY) >= 0;
  }
  if (ok) return p;
  store_drop(p);
  return H5I_INVALID_HID;
}

static err make_dataset(hid_t group, const char *name, const struct layout *l, hid_t *out)
{
  const hid_t type = store_type_make(l->type);
  const hid_t space = H5Screate_simple(l->n_dims, l->dim, NULL);
  const hid_t properties = make_properties(l, H5Tget_size(type));
  err e = ERR_OK;
  CHECK_DONE(type >= 0 && space >= 0 && properties >= 0, ERR_IO, "cannot describe %s: %s", name,
             REASON);
  *out = H5Dcreate2(group, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  CHECK_DONE(*out >= 0, ERR_IO, "cannot make variable %s: %s", name, REASON);
done:
  store_drop(properties);
  store_drop(space);
  store_drop(type);
  return e;
}

/** Write all of a dataset.  values: numbers, or char** of n strings. */
static err write_values(hid_t set, const char *name, enum store_type type, int64_t n,
                        const void *values)
{
  char **const text = type == STORE_TEXT ? store_text_make(n, values) : NULL;
  const hid_t memory = store_type_make(type);
  err e = ERR_OK;
  CHECK_DONE(text || type != STORE_TEXT, ERR_MEMORY, "out of memory for the text of %s", name);
  CHECK_DONE(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, text ? text : values) >= 0,
             ERR_IO, "cannot write %s: %s", name, REASON);
done:
  store_drop(memory);
  free(text);
  return e;
}

/** Write first, first + 1, ... */
static err write_numbers(hid_t set, const struct store_dim *d)
{
  int64_t *const values = malloc((size_t)d->size * sizeof *values);
  CHECK(values, ERR_MEMORY, "out of memory for dimension %s", d->name);
  for (int64_t i = 0; i < d->size; i++) values[i] = d->first + i;
  const err e = write_values(set, d->name, STORE_I64, d->size, values);
  free(values);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err fill_scale(hid_t set, const struct store_dim *d)
{
  if (d->text) {
    TRY(write_values(set, d->name, STORE_TEXT, d->size, d->text));
  } else {
    TRY(write_numbers(set, d));
  }
  CHECK(H5DSset_scale(set, d->name) >= 0, ERR_IO, "cannot make %s a dimension: %s", d->name,
        REASON);
  TRY(write_text_attr(set, d->name, "long_name", d->long_name));
  return write_text_attr(set, d->name, "units", "1");
}

static err make_scale(struct skeleton *k, int index)
{
  const struct store_dim *const d = &k->schema->dims[index];
  const hsize_t size = (hsize_t)d->size;
  const struct layout l = {.type = d->text ? STORE_TEXT : STORE_I64, .n_dims = 1, .dim = &size};
  hid_t group = H5I_INVALID_HID;
  TRY(open_group(k, d->group, &group));
  const err e = make_dataset(group, d->name, &l, &k->scale[index]);
  store_drop(group);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return fill_scale(k->scale[index], d);
}

static err attach_scales(const struct skeleton *k, hid_t set, const struct store_var *v)
{
  for (int axis = 0; axis < v->n_dims; axis++) {
    const hid_t scale = k->scale[store_dim_index(k->schema, v, axis)];
    CHECK(H5DSattach_scale(set, scale, (unsigned)axis) >= 0, ERR_IO,
          "cannot attach dimension %s to %s: %s", v->dims[axis], v->name, REASON);
  }
  return ERR_OK;
}

static err fill_variable(const struct skeleton *k, hid_t set, const struct store_var *v, int64_t n)
{
  if (v->data) TRY(write_values(set, v->name, v->type, n, v->data));
  TRY(attach_scales(k, set, v));
  TRY(write_text_attr(set, v->name, "long_name", v->long_name));
  TRY(write_text_attr(set, v->name, "units", v->units));
  for (int i = 0; i < v->n_attrs; i++) TRY(write_attr(set, v->name, &v->attrs[i]));
  return ERR_OK;
}

static err make_variable(const struct skeleton *k, const struct store_var *v)
{
  hsize_t dim[STORE_MAX_DIMS] = {0};
  int64_t n = 1;
  for (int axis = 0; axis < v->n_dims; axis++) {
    const int64_t size = k->schema->dims[store_dim_index(k->schema, v, axis)].size;
    dim[axis] = (hsize_t)size;
    n *= size;
  }
  const struct layout l = {v->type, v->n_dims, dim, v->type == STORE_TEXT ? 0 : k->level, v->zero};
  hid_t group = H5I_INVALID_HID, set = H5I_INVALID_HID;
  TRY(open_group(k, v->group, &group));
  err e = make_dataset(group, v->name, &l, &set);
  store_drop(group);
  if (!e) e = fill_variable(k, set, v, n);
  store_drop(set);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** Whether dimension d is the first one of its group. */
static bool is_new_group(const struct store_schema *s, int d)
{
  for (int k = 0; k < d; k++)
    if (!strcmp(s->dims[k].group, s->dims[d].group)) return false;
  return true;
}

static err make_members(struct skeleton *k)
{
  const struct store_schema *const s = k->schema;
  for (int i = 0; i < s->n_attrs; i++) TRY(write_attr(k->file, "/", &s->attrs[i]));
  for (int d = 0; d < s->n_dims; d++) TRY(make_scale(k, d));
  for (int d = 0; d < s->n_dims; d++) {
    if (!is_new_group(s, d)) continue;
    for (int v = 0; v < s->n_vars; v++)
      if (!strcmp(s->vars[v].group, s->dims[d].group)) TRY(make_variable(k, &s->vars[v]));
  }
  return ERR_OK;
}

/** Creation properties of a group, the file's root included. */
static hid_t make_folder(hid_t class)
{
  const hid_t p = H5Pcreate(class);
  if (p >= 0 && H5Pset_obj_track_times(p, 0) >= 0 &&
      H5Pset_link_creation_order(p, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0) {
    return p;
  }
  store_drop(p);
  return H5I_INVALID_HID;
}

/** More variables than an old header can list as users of one scale? */
static bool needs_v18(const struct store_schema *s)
{
  return s->n_vars > MAX_OLD_REFERENCES;
}

static err create_file(hid_t access, const struct store_schema *s, hid_t *file)
{
  const hid_t root = make_folder(H5P_FILE_CREATE);
  err e = ERR_OK;
  CHECK_DONE(root >= 0 && access >= 0 && H5Pset_alignment(access, ALIGN_FROM, ALIGN_TO) >= 0 &&
                 H5Pset_meta_block_size(access, METADATA_BLOCK) >= 0,
             ERR_IO, "cannot describe a file: %s", REASON);
  if (needs_v18(s)) {
    CHECK_DONE(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110) >= 0, ERR_IO,
               "cannot describe a file: %s", REASON);
  }
  *file = H5Fcreate("study", H5F_ACC_TRUNC, root, access);
  CHECK_DONE(*file >= 0, ERR_IO, "cannot create a file: %s", REASON);
done:
  store_drop(root);
  return e;
}

err store_skeleton(hid_t access, const struct store_schema *s, int level)
{
  err e = ERR_OK;
  struct skeleton k = {.schema = s,
                       .file = H5I_INVALID_HID,
                       .folder = make_folder(H5P_GROUP_CREATE),
                       .scale = malloc(((size_t)s->n_dims + 1) * sizeof *k.scale),
                       .level = level};
  CHECK_DONE(k.scale, ERR_MEMORY, "out of memory for %d dimensions", s->n_dims);
  for (int d = 0; d < s->n_dims; d++) k.scale[d] = H5I_INVALID_HID;
  CHECK_DONE(k.folder >= 0, ERR_IO, "cannot describe a group: %s", REASON);
  TRY_DONE(create_file(access, s, &k.file));
  e = make_members(&k);
  for (int d = 0; d < s->n_dims; d++) store_drop(k.scale[d]);
  if (H5Fclose(k.file) < 0 && !e) e = FAIL(ERR_IO, "cannot close a file: %s", REASON);
done:
  free(k.scale);
  store_drop(k.folder);
  return e;
}
