/** @file
 *  Naive operators that move elements: for each element of the output, where it comes from. */
#include "ref_impl.h"

#include <string.h>

/** y = x in the same order; its shape is set already. */
static void copy(struct ref_call *c)
{
  ref_make_y(c);
  memcpy(c->y.v, c->in[0].v, (size_t)ref_count(&c->y, 0, c->y.rank) * sizeof *c->y.v);
}

/** The element of the input that the element `index` of the output is; y's shape is set. */
static void pick(struct ref_call *c,
                 void (*from)(const struct ref_call *, const int64_t *, int64_t *))
{
  ref_make_y(c);
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    int64_t to[REF_RANK], at[REF_RANK] = {0};
    ref_unravel(&c->y, i, to);
    from(c, to, at);
    c->y.v[i] = c->in[0].v[ref_ravel(&c->in[0], at)];
  }
}

void ref_flatten(struct ref_call *c)
{
  const struct ref_tensor *x = &c->in[0];
  int axis = (int)ref_int(c, "axis", 1);
  if (axis < 0) axis += x->rank;
  c->y = (struct ref_tensor){
      2, {(int)ref_count(x, 0, axis), (int)ref_count(x, axis, x->rank)}, NULL, NULL};
  copy(c);
}

void ref_reshape(struct ref_call *c)
{
  const int64_t all = ref_count(&c->in[0], 0, c->in[0].rank);
  int64_t known = 1;
  c->y = (struct ref_tensor){.rank = c->in[1].dim[0]};
  for (int i = 0; i < c->y.rank; i++) {
    const int64_t t = c->in[1].ints[i];
    c->y.dim[i] = (int)(t ? t : c->in[0].dim[i]);
    if (t != -1) known *= c->y.dim[i];
  }
  for (int i = 0; i < c->y.rank; i++)
    if (c->y.dim[i] == -1) c->y.dim[i] = (int)(all / known);
  copy(c);
}

/** Axis i (of rank many) is named by the attribute or the input 1; `none`: where neither is there. */
static bool named(const struct ref_call *c, int i, int rank, bool none)
{
  const struct attr *a = attr_find(c->attrs, "axes");
  const int64_t *v = a ? a->ints : c->n_in > 1 ? c->in[1].ints : NULL;
  const int n = a ? a->n : v ? c->in[1].dim[0] : 0;
  for (int k = 0; k < n; k++)
    if (v[k] == i || v[k] + rank == i) return true;
  return !v && none;
}

void ref_squeeze(struct ref_call *c)
{
  const struct ref_tensor *x = &c->in[0];
  c->y = (struct ref_tensor){.rank = 0};
  for (int i = 0; i < x->rank; i++)
    if (!named(c, i, x->rank, x->dim[i] == 1)) c->y.dim[c->y.rank++] = x->dim[i];
  copy(c);
}

void ref_unsqueeze(struct ref_call *c)
{
  const struct attr *a = attr_find(c->attrs, "axes");
  const int rank = c->in[0].rank + (a ? a->n : c->in[1].dim[0]);
  c->y = (struct ref_tensor){.rank = rank};
  for (int i = 0, k = 0; i < rank; i++)
    c->y.dim[i] = named(c, i, rank, false) ? 1 : c->in[0].dim[k++];
  copy(c);
}

static int perm(const struct ref_call *c, int i)
{
  return ref_ints(c, "perm", i, c->in[0].rank - 1 - i);
}

static void from_transpose(const struct ref_call *c, const int64_t *to, int64_t *at)
{
  for (int i = 0; i < c->y.rank; i++) at[perm(c, i)] = to[i];
}

void ref_transpose(struct ref_call *c)
{
  c->y = (struct ref_tensor){.rank = c->in[0].rank};
  for (int i = 0; i < c->y.rank; i++) c->y.dim[i] = c->in[0].dim[perm(c, i)];
  pick(c, from_transpose);
}

/** What a Slice says about one dimension. */
struct cut {
  int64_t start, end, step;
};

static struct cut cut_of(const struct ref_call *c, int d)
{
  const bool old = c->opset < 10;
  const struct attr *s = attr_find(c->attrs, "starts"), *e = attr_find(c->attrs, "ends");
  const struct attr *x = attr_find(c->attrs, "axes");
  const int64_t *starts = old ? s->ints : c->in[1].ints, *ends = old ? e->ints : c->in[2].ints;
  const int64_t *axes = old ? (x ? x->ints : NULL) : c->n_in > 3 ? c->in[3].ints : NULL;
  const int count = old ? s->n : c->in[1].dim[0], rank = c->in[0].rank;
  for (int k = 0; k < count; k++) {
    if ((axes ? (axes[k] + rank) % rank : k) == d)
      return (struct cut){starts[k], ends[k], !old && c->n_in > 4 ? c->in[4].ints[k] : 1};
  }
  return (struct cut){0, INT64_MAX, 1};
}

/** Walk along dimension d as numpy does; *first: the first index inside, *n: how many. */
static void slice_of(const struct ref_call *c, int d, int64_t *first, int64_t *step, int64_t *n)
{
  const int64_t size = c->in[0].dim[d];
  const struct cut k = cut_of(c, d);
  const int64_t end = k.end < 0 ? k.end + size : k.end;
  int64_t i = k.start < 0 ? k.start + size : k.start;
  if (k.step > 0 && i < 0) i = 0;
  if (k.step < 0 && i > size - 1) i = size - 1;
  *first = i;
  *step = k.step;
  *n = 0;
  for (; i >= 0 && i < size && (k.step > 0 ? i < end : i > end); i += k.step) ++*n;
}

static void from_slice(const struct ref_call *c, const int64_t *to, int64_t *at)
{
  for (int d = 0; d < c->y.rank; d++) {
    int64_t start, step, n;
    slice_of(c, d, &start, &step, &n);
    at[d] = start + to[d] * step;
  }
}

void ref_slice(struct ref_call *c)
{
  c->y = c->in[0];
  for (int d = 0; d < c->y.rank; d++) {
    int64_t start, step, n;
    slice_of(c, d, &start, &step, &n);
    c->y.dim[d] = (int)n;
  }
  pick(c, from_slice);
}

static int split_axis(const struct ref_call *c)
{
  const int axis = (int)ref_int(c, "axis", 0);
  return axis < 0 ? axis + c->in[0].rank : axis;
}

static int64_t piece(const struct ref_call *c, int k)
{
  const int64_t n = c->in[0].dim[split_axis(c)], pieces = ref_int(c, "outputs", 1);
  const struct attr *a = attr_find(c->attrs, "split");
  if (a) return a->ints[k];
  if (c->n_in > 1) return c->in[1].ints[k];
  const int64_t each = (n + pieces - 1) / pieces;
  return k == pieces - 1 ? n - each * (pieces - 1) : each;
}

static void from_split(const struct ref_call *c, const int64_t *to, int64_t *at)
{
  memcpy(at, to, (size_t)c->y.rank * sizeof *at);
  for (int k = 0; k < ref_int(c, "output", 0); k++) at[split_axis(c)] += piece(c, k);
}

void ref_split(struct ref_call *c)
{
  c->y = c->in[0];
  c->y.dim[split_axis(c)] = (int)piece(c, (int)ref_int(c, "output", 0));
  pick(c, from_split);
}

void ref_expand(struct ref_call *c)
{
  struct ref_tensor *t = &c->in[1];
  const int n = t->dim[0];
  t->rank = n;
  for (int i = 0; i < n; i++) t->dim[i] = (int)t->ints[i];
  ref_broadcast_shape(c);
  ref_make_y(c);
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++)
    c->y.v[i] = c->in[0].v[ref_broadcast_from(&c->in[0], &c->y, i)];
}

static int gather_axis(const struct ref_call *c)
{
  const int axis = (int)ref_int(c, "axis", 0);
  return axis < 0 ? axis + c->in[0].rank : axis;
}

static void from_gather(const struct ref_call *c, const int64_t *to, int64_t *at)
{
  const int axis = gather_axis(c), more = c->in[1].rank - 1;
  const int64_t k = c->in[1].ints[ref_ravel(&c->in[1], to + axis)];
  for (int d = 0; d < c->in[0].rank; d++)
    at[d] = d < axis ? to[d] : d > axis ? to[d + more] : k < 0 ? k + c->in[0].dim[d] : k;
}

void ref_gather(struct ref_call *c)
{
  const struct ref_tensor *x = &c->in[0], *j = &c->in[1];
  const int axis = gather_axis(c);
  c->y = (struct ref_tensor){.rank = 0};
  for (int d = 0; d < axis; d++) c->y.dim[c->y.rank++] = x->dim[d];
  for (int d = 0; d < j->rank; d++) c->y.dim[c->y.rank++] = j->dim[d];
  for (int d = axis + 1; d < x->rank; d++) c->y.dim[c->y.rank++] = x->dim[d];
  pick(c, from_gather);
}

static void from_depth(const struct ref_call *c, const int64_t *to, int64_t *at)
{
  const struct attr *mode = attr_find(c->attrs, "mode");
  const int64_t b = ref_int(c, "blocksize", 1), row = to[2] % b, column = to[3] % b;
  const bool crd = mode && !strcmp(mode->s, "CRD");
  at[0] = to[0];
  at[1] = crd ? (to[1] * b + row) * b + column : (row * b + column) * c->y.dim[1] + to[1];
  at[2] = to[2] / b;
  at[3] = to[3] / b;
}

void ref_depth_to_space(struct ref_call *c)
{
  const int b = (int)ref_int(c, "blocksize", 1);
  const int *x = c->in[0].dim;
  c->y = (struct ref_tensor){4, {x[0], x[1] / (b * b), x[2] * b, x[3] * b}, NULL, NULL};
  pick(c, from_depth);
}

static void from_space(const struct ref_call *c, const int64_t *to, int64_t *at)
{
  const int64_t b = ref_int(c, "blocksize", 1), block = to[1] / c->in[0].dim[1];
  at[0] = to[0];
  at[1] = to[1] % c->in[0].dim[1];
  at[2] = to[2] * b + block / b;
  at[3] = to[3] * b + block % b;
}

void ref_space_to_depth(struct ref_call *c)
{
  const int b = (int)ref_int(c, "blocksize", 1);
  const int *x = c->in[0].dim;
  c->y = (struct ref_tensor){4, {x[0], x[1] * b * b, x[2] / b, x[3] / b}, NULL, NULL};
  pick(c, from_space);
}

void ref_concat(struct ref_call *c)
{
  int axis = (int)ref_int(c, "axis", 0);
  c->y = c->in[0];
  if (axis < 0) axis += c->y.rank;
  for (int k = 1; k < c->n_in; k++) c->y.dim[axis] += c->in[k].dim[axis];
  ref_make_y(c);
  const int64_t row = ref_count(&c->y, axis, c->y.rank), rows = ref_count(&c->y, 0, axis);
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t k = 0, at = 0; k < c->n_in; k++) {
      const int64_t n = ref_count(&c->in[k], axis, c->y.rank);
      for (int64_t i = 0; i < n; i++) c->y.v[r * row + at++] = c->in[k].v[r * n + i];
    }
  }
}

/** Pads of dimension d: before it, or after it where `after`. */
static int64_t pad_of(const struct ref_call *c, int d, bool after)
{
  const struct attr *a = attr_find(c->attrs, "pads");
  const int64_t *pads = a ? a->ints : c->in[1].ints;
  const int n = (a ? a->n : c->in[1].dim[0]) / 2;
  if (c->n_in < 4) return pads[d + (after ? n : 0)];
  for (int k = 0; k < n; k++)
    if ((c->in[3].ints[k] + c->in[0].rank) % c->in[0].rank == d) return pads[k + (after ? n : 0)];
  return 0;
}

/** Walk from i into 0 .. n - 1 by the mode's own rule, step by step; -1 where it says the constant. */
static int64_t inside(const char *mode, int64_t i, int64_t n)
{
  while (i < 0 || i >= n) {
    if (!strcmp(mode, "constant")) return -1;
    if (!strcmp(mode, "edge")) i += i < 0 ? 1 : -1;
    if (!strcmp(mode, "wrap")) i += i < 0 ? n : -n;
    if (!strcmp(mode, "reflect")) i = i < 0 ? -i : n - 1 - (i - (n - 1));
  }
  return i;
}

void ref_pad(struct ref_call *c)
{
  const struct attr *m = attr_find(c->attrs, "mode");
  const double value = ref_given(c, 2) ? c->in[2].v[0] : ref_float(c, "value", 0.0);
  c->y = c->in[0];
  for (int d = 0; d < c->y.rank; d++)
    c->y.dim[d] += (int)(pad_of(c, d, false) + pad_of(c, d, true));
  ref_make_y(c);
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    int64_t to[REF_RANK], at[REF_RANK] = {0};
    bool none = false;
    ref_unravel(&c->y, i, to);
    for (int d = 0; d < c->y.rank; d++) {
      at[d] = inside(m ? m->s : "constant", to[d] - pad_of(c, d, false), c->in[0].dim[d]);
      none = none || at[d] < 0;
    }
    c->y.v[i] = none ? value : c->in[0].v[ref_ravel(&c->in[0], at)];
  }
}

static void from_tile(const struct ref_call *c, const int64_t *to, int64_t *at)
{
  for (int i = 0; i < c->y.rank; i++) at[i] = to[i] % c->in[0].dim[i];
}

void ref_tile(struct ref_call *c)
{
  c->y = (struct ref_tensor){.rank = c->in[0].rank};
  for (int i = 0; i < c->y.rank; i++) c->y.dim[i] = c->in[0].dim[i] * (int)c->in[1].ints[i];
  pick(c, from_tile);
}

static int top_k_axis(const struct ref_call *c)
{
  const int axis = (int)ref_int(c, "axis", -1);
  return axis < 0 ? axis + c->in[0].rank : axis;
}

/** The element before which as many others of its line come as the output's place says. */
static void from_top_k(const struct ref_call *c, const int64_t *to, int64_t *at)
{
  const int axis = top_k_axis(c);
  const bool least = !ref_int(c, "largest", 1);
  int64_t other[REF_RANK];
  memcpy(at, to, REF_RANK * sizeof *at);
  memcpy(other, to, sizeof other);
  for (at[axis] = 0; at[axis] < c->in[0].dim[axis]; at[axis]++) {
    const double v = c->in[0].v[ref_ravel(&c->in[0], at)];
    int64_t before = 0;
    for (other[axis] = 0; other[axis] < c->in[0].dim[axis]; other[axis]++) {
      const double w = c->in[0].v[ref_ravel(&c->in[0], other)];
      before += least ? w < v : w > v;
      before += w == v && other[axis] < at[axis];
    }
    if (before == to[axis]) return;
  }
}

void ref_top_k(struct ref_call *c)
{
  c->y = (struct ref_tensor){.rank = c->in[0].rank};
  memcpy(c->y.dim, c->in[0].dim, sizeof c->y.dim);
  c->y.dim[top_k_axis(c)] = (int)(c->opset < 10 ? ref_int(c, "k", 1) : c->in[1].ints[0]);
  pick(c, from_top_k);
}
