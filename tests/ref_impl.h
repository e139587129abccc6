#pragma once
/* What the files of the naive operators share. */
#include "ref_ops.h"

#include <stdlib.h>

/** Product of the extents of dimensions from .. to - 1. */
static inline int64_t ref_count(const struct ref_tensor *t, int from, int to)
{
  int64_t n = 1;
  for (int i = from; i < to; i++) n *= t->dim[i];
  return n;
}

static inline int64_t ref_int(const struct ref_call *c, const char *name, int64_t otherwise)
{
  const struct attr *a = attr_find(c->attrs, name);
  return a ? a->i : otherwise;
}

static inline int ref_ints(const struct ref_call *c, const char *name, int i, int otherwise)
{
  const struct attr *a = attr_find(c->attrs, name);
  return a ? (int)a->ints[i] : otherwise;
}

static inline bool ref_given(const struct ref_call *c, int i)
{
  return i < c->n_in && c->in[i].v;
}

/** Make the output; its shape is set. */
static inline void ref_make_y(struct ref_call *c)
{
  const size_t n = (size_t)ref_count(&c->y, 0, c->y.rank);
  c->y.v = calloc(n, sizeof *c->y.v);
  c->scale = calloc(n, sizeof *c->scale);
}

void ref_conv(struct ref_call *c);
void ref_average(struct ref_call *c);
void ref_max(struct ref_call *c);
