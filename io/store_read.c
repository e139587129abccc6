/** @file
 *  Text, attributes and names of a file that is open. */
#include "io/store_hdf5.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FULL_NAME = 2 * STORE_NAME + 2 }; /* "/group/name" */

err store_attr_read_text(hid_t object, const char *name, char **out)
{
  char *value = NULL;
  err e = ERR_OK;
  const hid_t attr = H5Aopen(object, name, H5P_DEFAULT);
  const hid_t type = attr >= 0 ? H5Aget_type(attr) : H5I_INVALID_HID;
  CHECK_DONE(attr >= 0 && type >= 0, ERR_FORMAT, "there is no attribute %s", name);
  CHECK_DONE(H5Tis_variable_str(type) > 0, ERR_FORMAT, "attribute %s is not text", name);
  CHECK_DONE(H5Aread(attr, type, (void *)&value) >= 0, ERR_FORMAT, "cannot read attribute %s: %s",
             name, REASON);
  *out = store_path_make(value ? value : "", "");
  if (value) (void)H5free_memory(value);
  CHECK_DONE(*out, ERR_MEMORY, "out of memory for attribute %s", name);
done:
  store_drop(type);
  store_drop(attr);
  return e;
}

err store_attr_text(struct store *s, const char *object, const char *name, char **out)
{
  const hid_t o = H5Oopen(s->file, object, H5P_DEFAULT);
  CHECK(o >= 0, ERR_FORMAT, "%s has no object %s", s->path, object);
  const err e = store_attr_read_text(o, name, out);
  store_drop(o);
  if (e == ERR_FORMAT) return FAIL(e, "%s: %s has no text attribute %s", s->path, object, name);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** values [max] overwritten in its first n. */
static err read_integers(hid_t object, const char *name, int max, int *n, int64_t *values)
{
  err e = ERR_OK;
  const hid_t attr = H5Aopen(object, name, H5P_DEFAULT);
  CHECK(attr >= 0, ERR_FORMAT, "there is no attribute %s", name);
  const hid_t space = H5Aget_space(attr), type = H5Aget_type(attr);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  CHECK_DONE(H5Tget_class(type) == H5T_INTEGER, ERR_FORMAT, "attribute %s is not of integers",
             name);
  CHECK_DONE(count >= 1 && count <= max, ERR_FORMAT, "attribute %s has %lld values", name,
             (long long)count);
  CHECK_DONE(H5Aread(attr, H5T_NATIVE_INT64, values) >= 0, ERR_FORMAT,
             "cannot read attribute %s: %s", name, REASON);
  *n = (int)count;
done:
  store_drop(type);
  store_drop(space);
  store_drop(attr);
  return e;
}

err store_attr_i64(struct store *s, const char *object, const char *name, int max, int *n,
                   int64_t *out)
{
  const hid_t o = H5Oopen(s->file, object, H5P_DEFAULT);
  CHECK(o >= 0, ERR_FORMAT, "%s has no object %s", s->path, object);
  const err e = read_integers(o, name, max, n, out);
  store_drop(o);
  if (e) {
    return FAIL(e, "%s: %s has no attribute %s of 1 to %d integers", s->path, object, name, max);
  }
  return ERR_OK;
}

/** Read count strings as HDF5 gives them; repaired copy in *out. */
static err read_strings(hid_t set, hid_t type, hid_t space, const char *path, int64_t count,
                        char ***out)
{
  char **const raw = (char **)calloc((size_t)count + 1, sizeof *raw);
  const char **const text = (const char **)calloc((size_t)count + 1, sizeof *text);
  err e = ERR_OK;
  CHECK_DONE(raw && text, ERR_MEMORY, "out of memory for the text of %s", path);
  CHECK_DONE(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, (void *)raw) >= 0, ERR_FORMAT,
             "cannot read %s: %s", path, REASON);
  /* "" is stored as no string at all */
  for (int64_t i = 0; i < count; i++) text[i] = raw[i] ? raw[i] : "";
  *out = store_text_make(count, text);
  if (!*out) e = FAIL(ERR_MEMORY, "out of memory for the text of %s", path);
  (void)H5Dvlen_reclaim(type, space, H5P_DEFAULT, (void *)raw);
done:
  free((void *)text);
  free((void *)raw);
  return e;
}

err store_strings(hid_t set, const char *path, int64_t *n, char ***out)
{
  const hid_t space = H5Dget_space(set), type = H5Dget_type(set);
  const int64_t count = H5Sget_simple_extent_npoints(space);
  const bool text = count >= 0 && H5Tis_variable_str(type) > 0;
  const err e = text ? read_strings(set, type, space, path, count, out)
                     : FAIL(ERR_FORMAT, "%s is not text", path);
  if (!e) *n = count;
  store_drop(type);
  store_drop(space);
  return e;
}

err store_read_text(struct store *s, const char *path, int64_t *n, char ***out)
{
  const hid_t set = H5Dopen2(s->file, path, H5P_DEFAULT);
  CHECK(set >= 0, ERR_FORMAT, "%s has no variable %s", s->path, path);
  const err e = store_strings(set, path, n, out);
  store_drop(set);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** By creation where the group tracks it (every group made here does), else by name. */
static H5_index_t group_order(hid_t group)
{
  unsigned flags = 0;
  const hid_t properties = H5Gget_create_plist(group);
  if (properties >= 0) (void)H5Pget_link_creation_order(properties, &flags);
  store_drop(properties);
  return flags & H5P_CRT_ORDER_TRACKED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

err store_members(hid_t group, const char *name, int *n, char ***out)
{
  H5G_info_t info;
  CHECK(H5Gget_info(group, &info) >= 0, ERR_FORMAT, "cannot list group %s: %s", name, REASON);
  const H5_index_t order = group_order(group);
  const size_t count = (size_t)info.nlinks;
  char **const list = malloc(count * (sizeof *list + STORE_NAME) + 1);
  CHECK(list, ERR_MEMORY, "out of memory for the names in %s", name);
  for (size_t i = 0; i < count; i++) {
    list[i] = (char *)(list + count) + i * STORE_NAME;
    if (H5Lget_name_by_idx(group, ".", order, H5_ITER_INC, i, list[i], STORE_NAME, H5P_DEFAULT) <
        0) {
      free(list);
      return FAIL(ERR_FORMAT, "cannot list group %s: %s", name, REASON);
    }
  }
  *n = (int)count;
  *out = list;
  return ERR_OK;
}

struct entry {
  char *name;
  int64_t index;
  int position;
};

static int compare_entry(const void *a, const void *b)
{
  const struct entry *const x = a, *const y = b;
  if (x->index != y->index) return x->index < y->index ? -1 : 1;
  return x->position - y->position;
}

/** Its place in the order of the group: the attribute `index`, where it has one. */
static int64_t order_of(hid_t set)
{
  int n = 0;
  int64_t index = INT64_MAX;
  if (H5Aexists(set, "index") > 0 && read_integers(set, "index", 1, &n, &index) == ERR_OK)
    return index;
  return INT64_MAX;
}

/** Keep the names of variables that are no scales, sorted; returns how many, -1 when out of memory. */
static int keep_variables(hid_t group, int n, char **names)
{
  int kept = 0;
  struct entry *const entry = calloc((size_t)n + 1, sizeof *entry);
  if (!entry) return -1;
  for (int i = 0; i < n; i++) {
    const hid_t set = H5Dopen2(group, names[i], H5P_DEFAULT);
    if (set < 0) continue; /* a group */
    if (H5DSis_scale(set) == 0) entry[kept++] = (struct entry){names[i], order_of(set), i};
    store_drop(set);
  }
  qsort(entry, (size_t)kept, sizeof *entry, compare_entry);
  for (int i = 0; i < kept; i++) names[i] = entry[i].name;
  free(entry);
  return kept;
}

err store_list(struct store *s, const char *group, int *n, char ***out)
{
  int members = 0, kept = 0;
  char **names = NULL;
  const hid_t g = H5Gopen2(s->file, group, H5P_DEFAULT);
  CHECK(g >= 0, ERR_FORMAT, "%s has no group %s", s->path, group);
  const err e = store_members(g, group, &members, &names);
  if (!e) kept = keep_variables(g, members, names);
  store_drop(g);
  if (e) return err_trace(e, __FILE__, __LINE__);
  if (kept < 0) free((void *)names);
  CHECK(kept >= 0, ERR_MEMORY, "out of memory for the names in %s", group);
  *n = kept;
  *out = names;
  return ERR_OK;
}

/** Last component of the path of the first scale met. */
static herr_t take_scale_name(hid_t set, unsigned axis, hid_t scale, void *text)
{
  (void)set, (void)axis;
  return H5Iget_name(scale, text, FULL_NAME) > 0 ? 1 : -1;
}

err store_dim_name(struct store *s, int var, int axis, char *text, int bytes)
{
  char full[FULL_NAME] = "";
  const struct store_slot *const v = &s->slots[var];
  CHECK(axis >= 0 && axis < v->n_dims, ERR_SHAPE, "%s: %s has no axis %d", s->path, v->path, axis);
  const int found = H5DSiterate_scales(v->set, (unsigned)axis, NULL, take_scale_name, full);
  CHECK(found == 1, ERR_FORMAT, "%s: axis %d of %s has no name", s->path, axis, v->path);
  const char *const slash = strrchr(full, '/');
  const char *const name = slash ? slash + 1 : full;
  CHECK(strlen(name) < (size_t)bytes, ERR_FORMAT, "%s: the name of axis %d of %s is too long",
        s->path, axis, v->path);
  memcpy(text, name, strlen(name) + 1);
  return ERR_OK;
}
