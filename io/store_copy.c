/** @file
 *  The schema of a file that exists, read back from it. */
#include "io/store_hdf5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Take over a block from malloc.  Errors: ERR_MEMORY where it is NULL. */
static bool keep(struct store_copy *c, void *block)
{
  if (c->n_owned == c->room) {
    const size_t room = c->room ? 2 * c->room : 64;
    void **const more = (void **)realloc((void *)c->owned, room * sizeof *more);
    if (!more) return false;
    c->owned = more;
    c->room = room;
  }
  c->owned[c->n_owned++] = block;
  return true;
}

err store_copy_own(struct store_copy *c, void *block)
{
  if (block && keep(c, block)) return ERR_OK;
  free(block);
  const err e = FAIL(ERR_MEMORY, "out of memory while packing");
  return e ? e : ERR_MEMORY; /* the second is for the static analyser */
}

static err own_text(struct store_copy *c, const char *text, const char **out)
{
  char *const copy = store_path_make(text, "");
  TRY(store_copy_own(c, copy));
  *out = copy;
  return ERR_OK;
}

void store_copy_free(struct store_copy *c)
{
  for (size_t i = 0; i < c->n_owned; i++) free(c->owned[i]);
  free(c->owned);
  free(c->attrs);
  free(c->dims);
  free(c->vars);
  *c = (struct store_copy){.in = NULL};
}

/** The array with room for element n: doubled at powers of two.  NULL when out of memory. */
static void *grown(void *array, int n, size_t item)
{
  if ((n & (n - 1)) != 0) return array;
  return realloc(array, (n ? 2 * (size_t)n : 1) * item);
}

err store_copy_add_dim(struct store_copy *c, const struct store_dim *d)
{
  struct store_dim *const dims = grown(c->dims, c->s.n_dims, sizeof *dims);
  CHECK(dims, ERR_MEMORY, "out of memory while packing");
  dims[c->s.n_dims++] = *d;
  c->s.dims = c->dims = dims;
  return ERR_OK;
}

err store_copy_add_var(struct store_copy *c, const struct store_var *v)
{
  struct store_var *const vars = grown(c->vars, c->s.n_vars, sizeof *vars);
  CHECK(vars, ERR_MEMORY, "out of memory while packing");
  vars[c->s.n_vars++] = *v;
  c->s.vars = c->vars = vars;
  return ERR_OK;
}

static err read_numbers(struct store_copy *c, hid_t attr, hid_t type, struct store_attr *a)
{
  const hid_t space = H5Aget_space(attr);
  const hssize_t n = H5Sget_simple_extent_npoints(space);
  store_drop(space);
  CHECK(n >= 1 && n <= INT32_MAX, ERR_UNSUPPORTED, "attribute %s has %lld values", a->name,
        (long long)n);
  void *const values = malloc((size_t)n * sizeof(int64_t));
  TRY(store_copy_own(c, values));
  const bool whole = H5Tget_class(type) == H5T_INTEGER;
  const hid_t memory = whole ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE;
  CHECK(H5Aread(attr, memory, values) >= 0, ERR_FORMAT, "cannot read attribute %s: %s", a->name,
        REASON);
  a->n = (int)n;
  a->type = whole ? STORE_I64 : STORE_F64;
  if (whole) {
    a->i64 = values;
  } else {
    a->f64 = values;
  }
  return ERR_OK;
}

static err read_attr(struct store_copy *c, hid_t object, hid_t attr, struct store_attr *a)
{
  char name[STORE_NAME];
  char *text = NULL;
  err e = ERR_OK;
  CHECK(H5Aget_name(attr, sizeof name, name) >= 0, ERR_FORMAT, "cannot read an attribute: %s",
        REASON);
  TRY(own_text(c, name, &a->name));
  const hid_t type = H5Aget_type(attr);
  if (H5Tis_variable_str(type) > 0) {
    e = store_attr_read_text(object, name, &text);
    if (!e) e = store_copy_own(c, text);
    a->type = STORE_TEXT;
    a->text = text;
  } else {
    e = read_numbers(c, attr, type, a);
  }
  store_drop(type);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** What H5DS writes itself. */
static bool belongs_to_scales(const char *name)
{
  static const char *const names[] = {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (!strcmp(name, names[i])) return true;
  }
  return false;
}

static err read_attr_at(struct store_copy *c, hid_t object, hsize_t position, struct store_attr *a)
{
  char name[STORE_NAME] = "";
  const hid_t attr = H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_NATIVE, position,
                                    H5P_DEFAULT, H5P_DEFAULT);
  *a = (struct store_attr){.name = NULL};
  CHECK(attr >= 0 && H5Aget_name(attr, sizeof name, name) >= 0, ERR_FORMAT,
        "cannot read an attribute: %s", REASON);
  const err e = belongs_to_scales(name) ? ERR_OK : read_attr(c, object, attr, a);
  store_drop(attr);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** The attributes of an object but those of its scales; attrs [n] new, not yet owned by anyone. */
static err read_attrs(struct store_copy *c, hid_t object, int *n, struct store_attr **attrs)
{
  H5O_info_t info;
  CHECK(H5Oget_info2(object, &info, H5O_INFO_NUM_ATTRS) >= 0, ERR_FORMAT,
        "cannot list attributes: %s", REASON);
  struct store_attr *const list = malloc(((size_t)info.num_attrs + 1) * sizeof *list);
  CHECK(list, ERR_MEMORY, "out of memory while packing");
  int kept = 0;
  for (hsize_t i = 0; i < info.num_attrs; i++) {
    const err e = read_attr_at(c, object, i, &list[kept]);
    if (e) {
      free(list);
      return err_trace(e, __FILE__, __LINE__);
    }
    if (list[kept].name) kept++;
  }
  *n = kept;
  *attrs = list;
  return ERR_OK;
}

/** Take an attribute out of a list; returns its text or NULL. */
static const char *take(struct store_attr *attrs, int *n, const char *name)
{
  for (int i = 0; attrs && i < *n; i++) {
    if (strcmp(attrs[i].name, name) != 0) continue;
    const char *const text = attrs[i].text;
    memmove(&attrs[i], &attrs[i + 1], (size_t)(*n - i - 1) * sizeof *attrs);
    *n -= 1;
    return text;
  }
  return NULL;
}

/** The number that a dimension without names begins with. */
static err read_first(hid_t set, const char *path, struct store_dim *d)
{
  int64_t *const values = malloc((size_t)d->size * sizeof *values);
  CHECK(values, ERR_MEMORY, "out of memory for %s", path);
  const herr_t failed = H5Dread(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  d->first = values[0];
  free(values);
  CHECK(failed >= 0, ERR_FORMAT, "cannot read %s: %s", path, REASON);
  return ERR_OK;
}

static err add_dim(struct store_copy *c, const char *group, const char *name, const char *path,
                   hid_t set)
{
  enum store_type type = STORE_TEXT;
  int n_attrs = 0;
  struct store_attr *attrs = NULL;
  TRY(store_copy_add_dim(c, &(struct store_dim){.group = group, .name = name}));
  struct store_dim *const d = &c->dims[c->s.n_dims - 1];
  const hid_t space = H5Dget_space(set), stored = H5Dget_type(set);
  d->size = H5Sget_simple_extent_npoints(space);
  err e = store_type_of(stored, path, &type);
  store_drop(stored);
  store_drop(space);
  if (!e) e = read_attrs(c, set, &n_attrs, &attrs);
  if (e) return err_trace(e, __FILE__, __LINE__);
  d->long_name = take(attrs, &n_attrs, "long_name");
  free(attrs);
  if (type != STORE_TEXT) return read_first(set, path, d);
  int64_t n = 0;
  char **text = NULL;
  TRY(store_strings(set, path, &n, &text));
  d->text = (const char *const *)text;
  return store_copy_own(c, text);
}

/** Whether a variable was filled with zeros when it was made. */
static bool is_zeroed(hid_t set)
{
  H5D_fill_time_t fill = H5D_FILL_TIME_NEVER;
  const hid_t properties = H5Dget_create_plist(set);
  const bool known = H5Pget_fill_time(properties, &fill) >= 0;
  store_drop(properties);
  return known && fill == H5D_FILL_TIME_ALLOC;
}

static err name_dims(struct store_copy *c, const char *path, struct store_var *v)
{
  int slot = 0;
  int64_t dims[STORE_MAX_DIMS];
  TRY(store_find(c->in, path, &slot));
  store_extent(c->in, slot, &v->n_dims, dims);
  for (int axis = 0; axis < v->n_dims; axis++) {
    char name[STORE_NAME];
    TRY(store_dim_name(c->in, slot, axis, name, sizeof name));
    TRY(own_text(c, name, &v->dims[axis]));
  }
  v->type = store_kind(c->in, slot);
  v->zero = is_zeroed(c->in->slots[slot].set);
  return ERR_OK;
}

static err add_var(struct store_copy *c, const char *group, const char *name, const char *path,
                   hid_t set)
{
  struct store_attr *attrs = NULL;
  TRY(store_copy_add_var(c, &(struct store_var){.group = group, .name = name}));
  struct store_var *const v = &c->vars[c->s.n_vars - 1];
  TRY(name_dims(c, path, v));
  TRY(read_attrs(c, set, &v->n_attrs, &attrs));
  TRY(store_copy_own(c, attrs));
  v->long_name = take(attrs, &v->n_attrs, "long_name");
  v->units = take(attrs, &v->n_attrs, "units");
  v->attrs = attrs;
  if (v->type != STORE_TEXT) return ERR_OK;
  int64_t n = 0;
  char **text = NULL;
  TRY(store_strings(set, path, &n, &text));
  v->data = (const void *)text;
  return store_copy_own(c, text);
}

static err add_member(struct store_copy *c, const char *group, const char *name)
{
  char path[2 * STORE_NAME + 1];
  (void)snprintf(path, sizeof path, "%s/%s", group, name);
  const hid_t set = H5Dopen2(c->in->file, path, H5P_DEFAULT);
  CHECK(set >= 0, ERR_UNSUPPORTED, "%s is no variable: %s", path, REASON);
  const err e = H5DSis_scale(set) > 0 ? add_dim(c, group, name, path, set)
                                      : add_var(c, group, name, path, set);
  store_drop(set);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err add_group(struct store_copy *c, const char *group)
{
  int n = 0;
  char **names = NULL;
  const hid_t g = H5Gopen2(c->in->file, group, H5P_DEFAULT);
  CHECK(g >= 0, ERR_UNSUPPORTED, "%s is no group: %s", group, REASON);
  err e = store_members(g, group, &n, &names);
  store_drop(g);
  if (!e) e = store_copy_own(c, (void *)names);
  for (int i = 0; i < n && !e; i++) e = add_member(c, group, names[i]);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err store_copy_read(struct store *in, struct store_copy *c)
{
  int n = 0;
  char **groups = NULL;
  c->in = in;
  TRY(read_attrs(c, in->file, &c->s.n_attrs, &c->attrs));
  c->s.attrs = c->attrs;
  const hid_t root = H5Gopen2(in->file, "/", H5P_DEFAULT); /* a file tells no order */
  const err e = store_members(root, "/", &n, &groups);
  store_drop(root);
  if (e) return err_trace(e, __FILE__, __LINE__);
  TRY(store_copy_own(c, (void *)groups));
  for (int i = 0; i < n; i++) TRY(add_group(c, groups[i]));
  return ERR_OK;
}
