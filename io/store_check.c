/** @file
 *  What a schema must be for netCDF-C, xarray and HDFView to take the file, and how large it is. */
#include "io/store_hdf5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int store_dim_index(const struct store_schema *s, const struct store_var *v, int axis)
{
  for (int d = 0; d < s->n_dims; d++) {
    if (!strcmp(s->dims[d].name, v->dims[axis]) && !strcmp(s->dims[d].group, v->group)) return d;
  }
  return -1;
}

/** A netCDF name: begins with a letter, digit, underscore or non-ASCII character; no slash, no
 *  control character; no space at its end.  Source: netCDF-C 4.9, NetCDF file format, "name". */
static bool valid_name(const char *name)
{
  static const char first[] = "0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const size_t n = name ? strlen(name) : 0;
  if (n == 0 || n >= STORE_NAME || name[n - 1] == ' ') return false;
  if ((unsigned char)name[0] < 0x80 && !strchr(first, name[0])) return false;
  for (size_t i = 0; i < n; i++) {
    const unsigned char c = (unsigned char)name[i];
    if (c < 0x20 || c == 0x7F || c == '/') return false;
  }
  const char *const one = name;
  char **const repaired = store_text_make(1, &one);
  const bool utf8 = repaired && !strcmp(repaired[0], name);
  free(repaired);
  return utf8;
}

static bool has_value(const struct store_attr *a)
{
  if (a->type == STORE_TEXT) return a->text != NULL;
  return a->n >= 1 && ((a->type == STORE_I64 && a->i64) || (a->type == STORE_F64 && a->f64));
}

static err check_attrs(const char *owner, int n, const struct store_attr *attrs)
{
  for (int i = 0; i < n; i++) {
    CHECK(valid_name(attrs[i].name), ERR_FORMAT, "%s: '%s' cannot be the name of an attribute",
          owner, attrs[i].name ? attrs[i].name : "");
    CHECK(has_value(&attrs[i]), ERR_FORMAT, "%s: attribute %s has no value", owner, attrs[i].name);
  }
  return ERR_OK;
}

static err check_dim(const struct store_dim *d)
{
  CHECK(valid_name(d->group) && valid_name(d->name), ERR_FORMAT,
        "'%s/%s' cannot be the name of a dimension", d->group ? d->group : "",
        d->name ? d->name : "");
  CHECK(d->size >= 1, ERR_FORMAT, "dimension %s/%s is empty", d->group, d->name);
  CHECK(d->long_name && d->long_name[0], ERR_FORMAT, "dimension %s/%s has no long_name", d->group,
        d->name);
  return ERR_OK;
}

static err check_axes(const struct store_schema *s, const struct store_var *v)
{
  CHECK(v->n_dims >= 1 && v->n_dims <= STORE_MAX_DIMS, ERR_FORMAT,
        "variable %s/%s has %d dimensions, not 1 to %d", v->group, v->name, v->n_dims,
        STORE_MAX_DIMS);
  for (int axis = 0; axis < v->n_dims; axis++) {
    CHECK(store_dim_index(s, v, axis) >= 0, ERR_FORMAT, "variable %s/%s: no dimension %s/%s",
          v->group, v->name, v->group, v->dims[axis]);
  }
  return ERR_OK;
}

static err check_var(const struct store_schema *s, const struct store_var *v)
{
  char owner[2 * STORE_NAME + 1];
  (void)snprintf(owner, sizeof owner, "%s/%s", v->group ? v->group : "", v->name ? v->name : "");
  CHECK(valid_name(v->group) && valid_name(v->name), ERR_FORMAT,
        "'%s' cannot be the name of a variable", owner);
  TRY(check_axes(s, v));
  const bool described = v->long_name && v->long_name[0] && v->units && v->units[0];
  CHECK(described, ERR_FORMAT, "variable %s has no long_name or no units", owner);
  CHECK(v->type != STORE_TEXT || v->data, ERR_FORMAT, "text of %s must be given at creation",
        owner);
  return check_attrs(owner, v->n_attrs, v->attrs);
}

struct member {
  const char *group, *name;
};

static int compare_member(const void *a, const void *b)
{
  const struct member *const x = a, *const y = b;
  const int by_group = strcmp(x->group, y->group);
  return by_group ? by_group : strcmp(x->name, y->name);
}

static err check_distinct(const struct store_schema *s)
{
  const int n = s->n_dims + s->n_vars;
  struct member *const all = malloc(((size_t)n + 1) * sizeof *all);
  err e = ERR_OK;
  CHECK(all, ERR_MEMORY, "out of memory for %d names of a file", n);
  for (int i = 0; i < n; i++) {
    const bool dim = i < s->n_dims;
    const struct store_var *const v = dim ? NULL : &s->vars[i - s->n_dims];
    all[i] = dim ? (struct member){s->dims[i].group, s->dims[i].name}
                 : (struct member){v->group, v->name};
  }
  qsort(all, (size_t)n, sizeof *all, compare_member);
  for (int i = 1; i < n && !e; i++) {
    if (!compare_member(&all[i - 1], &all[i])) {
      e = FAIL(ERR_FORMAT, "two variables or dimensions are named %s/%s", all[i].group,
               all[i].name);
    }
  }
  free(all);
  return e;
}

err store_check(const struct store_schema *s)
{
  TRY(check_attrs("/", s->n_attrs, s->attrs));
  for (int d = 0; d < s->n_dims; d++) TRY(check_dim(&s->dims[d]));
  for (int v = 0; v < s->n_vars; v++) TRY(check_var(s, &s->vars[v]));
  return check_distinct(s);
}

int64_t store_raw_bytes(const struct store_schema *s)
{
  static const int64_t item[] = {
      [STORE_F32] = 4, [STORE_F64] = 8, [STORE_U8] = 1,   [STORE_I32] = 4,
      [STORE_I64] = 8, [STORE_U32] = 4, [STORE_TEXT] = 16};
  int64_t sum = 0;
  for (int d = 0; d < s->n_dims; d++) sum += s->dims[d].size * (s->dims[d].text ? 16 : 8);
  for (int v = 0; v < s->n_vars; v++) {
    int64_t bytes = item[s->vars[v].type];
    for (int axis = 0; axis < s->vars[v].n_dims; axis++) {
      const int d = store_dim_index(s, &s->vars[v], axis);
      bytes *= d < 0 ? 0 : s->dims[d].size;
    }
    sum += bytes;
  }
  return sum;
}
