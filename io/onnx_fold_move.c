/** @file
 *  Folders that move the elements of constants without computing. */
#include "io/onnx_fold.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

enum { MAX_RANK = SHAPE_MAX_RANK };

/** Product of the extents first <= i < last. */
static size_t product(const struct shape *s, int first, int last)
{
  size_t n = 1;
  for (int i = first; i < last; i++) n *= (size_t)s->dim[i];
  return n;
}

/** The same elements under another shape. */
static err relabel(struct fold *f, const struct shape *shape)
{
  const struct onnx_constant *x = f->in[0];
  TRY(onnx_fold_out(f, shape, x->floats != NULL));
  memcpy(onnx_fold_at(f->out, 0), onnx_fold_at(x, 0),
         (size_t)shape_count(shape) * onnx_fold_width(x));
  return ERR_OK;
}

err onnx_fold_unsqueeze(struct fold *f)
{
  const struct shape *x = &f->in[0]->shape;
  const int64_t *axes = NULL;
  int n = 0, from = 0;
  bool added[MAX_RANK] = {false};
  TRY(onnx_fold_find(f, "axes", 1, &axes, &n));
  CHECK(axes, ERR_FORMAT, "it has no axes");
  CHECK(n <= MAX_RANK - x->rank, ERR_UNSUPPORTED, "more than %d dimensions", MAX_RANK);
  struct shape y = {.rank = x->rank + n};
  TRY(onnx_fold_mark(axes, n, y.rank, added));
  for (int i = 0; i < y.rank; i++) y.dim[i] = added[i] ? 1 : x->dim[from++];
  return relabel(f, &y);
}

err onnx_fold_squeeze(struct fold *f)
{
  const struct shape *x = &f->in[0]->shape;
  const int64_t *axes = NULL;
  int n = 0;
  bool removed[MAX_RANK] = {false};
  TRY(onnx_fold_find(f, "axes", 1, &axes, &n));
  TRY(onnx_fold_mark(axes, n, x->rank, removed));
  struct shape y = {.rank = 0};
  for (int i = 0; i < x->rank; i++) {
    CHECK(!removed[i] || x->dim[i] == 1, ERR_SHAPE, "axis %d has extent %d, not 1", i, x->dim[i]);
    if (axes ? !removed[i] : x->dim[i] != 1) y.dim[y.rank++] = x->dim[i];
  }
  return relabel(f, &y);
}

/** Two dimensions: what is before the axis, and the rest. */
err onnx_fold_flatten(struct fold *f)
{
  const struct shape *x = &f->in[0]->shape;
  struct shape y = {.rank = 2, .dim = {1, 1}};
  int64_t axis = 1;
  TRY(attr_int(f->attrs, "axis", 1, &axis));
  CHECK(axis >= -x->rank && axis <= x->rank, ERR_FORMAT, "axis %" PRId64, axis);
  const int at = (int)(axis < 0 ? axis + x->rank : axis);
  for (int i = 0; i < x->rank; i++) y.dim[i < at ? 0 : 1] *= x->dim[i];
  return relabel(f, &y);
}

/** Extents of a Reshape: 0 keeps that of the input, one -1 takes what is left. */
err onnx_fold_extents(const struct shape *x, const int64_t *target, int n, bool zero_is_zero,
                      int64_t dims[MAX_RANK])
{
  const int64_t count = shape_count(x);
  int64_t known = 1;
  int open = -1;
  CHECK(n <= MAX_RANK, ERR_UNSUPPORTED, "more than %d dimensions", MAX_RANK);
  for (int i = 0; i < n; i++) {
    dims[i] = target[i] || zero_is_zero || i >= x->rank ? target[i] : x->dim[i];
    CHECK(dims[i] >= 0 || (dims[i] == -1 && open < 0), ERR_SHAPE, "extent %" PRId64, dims[i]);
    CHECK(dims[i] <= count, ERR_SHAPE, "extent %" PRId64 " is too large", dims[i]);
    if (dims[i] < 0) open = i;
    if (dims[i] >= 0 && known <= count) known *= dims[i];
  }
  if (open >= 0) {
    CHECK(known > 0, ERR_SHAPE, "what is left for extent -1 cannot be told");
    dims[open] = count / known;
    known = known <= count ? known * dims[open] : known;
  }
  CHECK(known == count, ERR_SHAPE, "%" PRId64 " elements do not fit the new shape", count);
  return ERR_OK;
}

err onnx_fold_reshape(struct fold *f)
{
  const struct onnx_constant *x = f->in[0], *s = f->in[1];
  int64_t dims[MAX_RANK], allow = 0;
  struct shape y;
  CHECK(s && s->ints, ERR_FORMAT, "its shape is not a list of integers");
  CHECK(shape_count(&s->shape) <= MAX_RANK, ERR_UNSUPPORTED, "more than %d dimensions", MAX_RANK);
  TRY(attr_int(f->attrs, "allowzero", 0, &allow));
  const int n = (int)shape_count(&s->shape);
  TRY(onnx_fold_extents(&x->shape, s->ints, n, allow != 0, dims));
  TRY(onnx_fold_shape_check(f, dims, n, &y));
  return relabel(f, &y);
}

/** y[a, j, b] = x[a, indices[j], b]  with j running over all of the indices. */
err onnx_fold_gather(struct fold *f)
{
  const struct onnx_constant *x = f->in[0], *index = f->in[1];
  int64_t axis_given = 0;
  int axis = 0;
  CHECK(x && index && index->ints, ERR_FORMAT, "its indices are not integers");
  TRY(attr_int(f->attrs, "axis", 0, &axis_given));
  TRY(onnx_fold_axis(axis_given, x->shape.rank, &axis));
  const struct shape *xs = &x->shape, *is = &index->shape;
  CHECK(xs->rank - 1 + is->rank <= MAX_RANK, ERR_UNSUPPORTED, "more than %d dimensions", MAX_RANK);
  int64_t dims[2 * MAX_RANK];
  int rank = 0;
  for (int i = 0; i < axis; i++) dims[rank++] = xs->dim[i];
  for (int i = 0; i < is->rank; i++) dims[rank++] = is->dim[i];
  for (int i = axis + 1; i < xs->rank; i++) dims[rank++] = xs->dim[i];
  struct shape ys;
  TRY(onnx_fold_shape_check(f, dims, rank, &ys));
  TRY(onnx_fold_out(f, &ys, x->floats != NULL));
  const size_t outer = product(xs, 0, axis), run = product(xs, axis + 1, xs->rank);
  const size_t n = (size_t)shape_count(is), extent = (size_t)xs->dim[axis];
  for (size_t j = 0; j < n; j++) {
    int at = 0;
    TRY(onnx_fold_axis(index->ints[j], xs->dim[axis], &at));
    for (size_t a = 0; a < outer; a++) {
      memcpy(onnx_fold_at(f->out, (int64_t)((a * n + j) * run)),
             onnx_fold_at(x, (int64_t)((a * extent + (size_t)at) * run)), run * onnx_fold_width(x));
    }
  }
  return ERR_OK;
}

/** Where a slice begins along one axis, how far it steps and how many elements it takes. */
struct range {
  int64_t first, step;
  int count;
};

static err range_of(int64_t start, int64_t end, int64_t step, int extent, struct range *out)
{
  CHECK(step && step > -INT_MAX && step < INT_MAX, ERR_FORMAT, "its step is %" PRId64, step);
  const bool up = step > 0;
  const int64_t first = onnx_fold_clamp(start, extent, 0, up ? extent : extent - 1);
  const int64_t last = onnx_fold_clamp(end, extent, up ? 0 : -1, up ? extent : extent - 1);
  const int64_t way = up ? last - first : first - last;
  const int64_t count = way > 0 ? (way - 1) / (up ? step : -step) + 1 : 0;
  *out = (struct range){first, step, (int)count};
  return ERR_OK;
}

/** The range of every axis; axes that the node does not name are taken whole. */
static err slice_ranges(const struct fold *f, struct range range[MAX_RANK])
{
  const struct shape *x = &f->in[0]->shape;
  const int64_t *starts = NULL, *ends = NULL, *axes = NULL, *steps = NULL;
  int n = 0, n_ends = 0, n_axes = 0, n_steps = 0;
  bool marked[MAX_RANK] = {false};
  TRY(onnx_fold_find(f, "starts", 1, &starts, &n));
  TRY(onnx_fold_find(f, "ends", 2, &ends, &n_ends));
  TRY(onnx_fold_find(f, "axes", 3, &axes, &n_axes));
  TRY(onnx_fold_find(f, "steps", 4, &steps, &n_steps));
  CHECK(n && n == n_ends && n <= x->rank && (!axes || n == n_axes) && (!steps || n == n_steps),
        ERR_FORMAT, "%d starts, %d ends, %d axes and %d steps", n, n_ends, n_axes, n_steps);
  if (axes) TRY(onnx_fold_mark(axes, n, x->rank, marked));
  for (int k = 0; k < x->rank; k++) range[k] = (struct range){0, 1, x->dim[k]};
  for (int i = 0; i < n; i++) {
    int axis = i;
    if (axes) TRY(onnx_fold_axis(axes[i], x->rank, &axis));
    TRY(range_of(starts[i], ends[i], steps ? steps[i] : 1, x->dim[axis], &range[axis]));
  }
  return ERR_OK;
}

/** y[i0, i1, ...] = x[first0 + i0 step0, first1 + i1 step1, ...] */
err onnx_fold_slice(struct fold *f)
{
  const struct onnx_constant *x = f->in[0];
  struct range range[MAX_RANK];
  int64_t dims[MAX_RANK], stride[MAX_RANK];
  int index[MAX_RANK] = {0};
  struct shape ys;
  TRY(slice_ranges(f, range));
  const int rank = x->shape.rank;
  int64_t from = 0;
  for (int k = 0; k < rank; k++) {
    dims[k] = range[k].count;
    stride[k] = (int64_t)product(&x->shape, k + 1, rank);
    from += range[k].first * stride[k];
    stride[k] *= range[k].step;
  }
  TRY(onnx_fold_shape_check(f, dims, rank, &ys));
  TRY(onnx_fold_out(f, &ys, x->floats != NULL));
  const int64_t n = shape_count(&ys);
  for (int64_t i = 0; i < n; i++, onnx_fold_next(&ys, index)) {
    memcpy(onnx_fold_at(f->out, i), onnx_fold_at(x, from + onnx_fold_offset(rank, index, stride)),
           onnx_fold_width(x));
  }
  return ERR_OK;
}

/** Extents of a concatenation along `axis`. */
static err concat_shape(const struct fold *f, int axis, struct shape *out)
{
  const struct onnx_constant *x = f->in[0];
  int64_t dims[MAX_RANK], along = 0;
  for (int i = 0; i < f->n_in; i++) {
    const struct onnx_constant *c = f->in[i];
    CHECK(c && (c->floats != NULL) == (x->floats != NULL) && c->shape.rank == x->shape.rank,
          ERR_SHAPE, "input %d does not agree with the first", i);
    for (int k = 0; k < x->shape.rank; k++) {
      CHECK(k == axis || c->shape.dim[k] == x->shape.dim[k], ERR_SHAPE,
            "input %d does not agree with the first", i);
    }
    along += c->shape.dim[axis];
  }
  for (int k = 0; k < x->shape.rank; k++) dims[k] = k == axis ? along : x->shape.dim[k];
  return onnx_fold_shape_check(f, dims, x->shape.rank, out);
}

err onnx_fold_concat(struct fold *f)
{
  int64_t given = 0;
  int axis = 0;
  struct shape ys;
  CHECK(f->in[0], ERR_FORMAT, "its first input is missing");
  TRY(attr_int(f->attrs, "axis", 1, &given));
  TRY(onnx_fold_axis(given, f->in[0]->shape.rank, &axis));
  TRY(concat_shape(f, axis, &ys));
  TRY(onnx_fold_out(f, &ys, f->in[0]->floats != NULL));
  const size_t outer = product(&ys, 0, axis), row = product(&ys, axis, ys.rank);
  size_t to = 0;
  for (int i = 0; i < f->n_in; i++) {
    const size_t run = product(&f->in[i]->shape, axis, ys.rank);
    for (size_t a = 0; a < outer && run; a++) {
      memcpy(onnx_fold_at(f->out, (int64_t)(to + a * row)),
             onnx_fold_at(f->in[i], (int64_t)(a * run)), run * onnx_fold_width(f->out));
    }
    to += run;
  }
  return ERR_OK;
}

/** y[i0, i1, ...] = x with its axis perm[k] at place k. */
err onnx_fold_transpose(struct fold *f)
{
  const struct onnx_constant *x = f->in[0];
  const int rank = x->shape.rank;
  int perm[MAX_RANK], n = 0, index[MAX_RANK] = {0};
  int64_t stride[MAX_RANK];
  bool used[MAX_RANK] = {false};
  TRY(attr_ints(f->attrs, "perm", MAX_RANK, 0, MAX_RANK - 1, &n, perm));
  CHECK(!n || n == rank, ERR_FORMAT, "perm has %d entries for rank %d", n, rank);
  struct shape ys = {.rank = rank};
  for (int k = 0; k < rank; k++) {
    const int p = n ? perm[k] : rank - 1 - k;
    CHECK(p < rank && !used[p], ERR_FORMAT, "perm is not a permutation");
    used[p] = true;
    ys.dim[k] = x->shape.dim[p];
    stride[k] = (int64_t)product(&x->shape, p + 1, rank);
  }
  TRY(onnx_fold_out(f, &ys, x->floats != NULL));
  const int64_t count = shape_count(&ys);
  for (int64_t i = 0; i < count; i++, onnx_fold_next(&ys, index)) {
    memcpy(onnx_fold_at(f->out, i), onnx_fold_at(x, onnx_fold_offset(rank, index, stride)),
           onnx_fold_width(x));
  }
  return ERR_OK;
}
