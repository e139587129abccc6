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

static size_t padded(size_t bytes)
{
  return (bytes + sizeof(int64_t) - 1) / sizeof(int64_t) * sizeof(int64_t);
}

static size_t text_bytes(const char *text)
{
  return text ? padded(strlen(text) + 1) : 0;
}

size_t attr_copy_bytes(const struct attr_list *l)
{
  size_t bytes = (size_t)l->n * sizeof *l->item;
  for (int i = 0; i < l->n; i++) {
    const struct attr *a = &l->item[i];
    const size_t n = (size_t)a->n;
    bytes += text_bytes(a->name) + (a->kind == ATTR_STRING ? text_bytes(a->s) : 0);
    if (a->kind == ATTR_INTS) bytes += n * sizeof *a->ints;
    if (a->kind == ATTR_FLOATS) bytes += padded(n * sizeof *a->floats);
  }
  return bytes;
}

/** Copy `bytes` to *at, which moves on; what was copied. */
static const void *put(unsigned char **at, const void *from, size_t bytes)
{
  void *to = *at;
  if (bytes) memcpy(to, from, bytes);
  *at += padded(bytes);
  return to;
}

struct attr_list attr_copy(const struct attr_list *l, void *memory)
{
  struct attr *item = memory;
  unsigned char *at = (unsigned char *)(item + l->n);
  for (int i = 0; i < l->n; i++) {
    const struct attr *a = &l->item[i];
    const size_t n = (size_t)a->n;
    item[i] = *a;
    item[i].name = put(&at, a->name, strlen(a->name) + 1);
    if (a->kind == ATTR_STRING && a->s) item[i].s = put(&at, a->s, strlen(a->s) + 1);
    if (a->kind == ATTR_INTS) item[i].ints = put(&at, a->ints, n * sizeof *a->ints);
    if (a->kind == ATTR_FLOATS) item[i].floats = put(&at, a->floats, n * sizeof *a->floats);
  }
  return (struct attr_list){l->n, item};
}
