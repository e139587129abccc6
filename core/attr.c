/** @file
 *  Reading typed attributes. */
#include "core/attr.h"

#include <inttypes.h>
#include <string.h>

const struct attr *attr_find(const struct attr_list *l, const char *name)
{
  for (int i = 0; i < l->n; i++)
    if (!strcmp(l->item[i].name, name)) return &l->item[i];
  return NULL;
}

err attr_int(const struct attr_list *l, const char *name, int64_t otherwise, int64_t *out)
{
  const struct attr *a = attr_find(l, name);
  CHECK(!a || a->kind == ATTR_INT, ERR_FORMAT, "attribute '%s' is not an integer", name);
  *out = a ? a->i : otherwise;
  return ERR_OK;
}

err attr_float(const struct attr_list *l, const char *name, float otherwise, float *out)
{
  const struct attr *a = attr_find(l, name);
  CHECK(!a || a->kind == ATTR_FLOAT, ERR_FORMAT, "attribute '%s' is not a float", name);
  *out = a ? a->f : otherwise;
  return ERR_OK;
}

err attr_string(const struct attr_list *l, const char *name, const char *otherwise,
                const char **out)
{
  const struct attr *a = attr_find(l, name);
  CHECK(!a || a->kind == ATTR_STRING, ERR_FORMAT, "attribute '%s' is not a string", name);
  *out = a ? a->s : otherwise;
  return ERR_OK;
}

err attr_ints(const struct attr_list *l, const char *name, int max, int64_t lo, int64_t hi, int *n,
              int *out)
{
  const struct attr *a = attr_find(l, name);
  *n = 0;
  if (!a) return ERR_OK;
  CHECK(a->kind == ATTR_INTS, ERR_FORMAT, "attribute '%s' is not a list of integers", name);
  CHECK(a->n <= max, ERR_FORMAT, "attribute '%s' has %d values, at most %d are possible", name,
        a->n, max);
  for (int i = 0; i < a->n; i++) {
    CHECK(a->ints[i] >= lo && a->ints[i] <= hi, ERR_FORMAT,
          "attribute '%s' holds %" PRId64 ", outside %" PRId64 "..%" PRId64, name, a->ints[i], lo,
          hi);
    out[i] = (int)a->ints[i];
  }
  *n = a->n;
  return ERR_OK;
}
