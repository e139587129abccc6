/** @file
 *  Folders that move the elements of constants without computing. */
#include "io/onnx_fold.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

enum { MAX_RANK = SHAPE_MAX_RANK };

int64_t onnx_fold_clamp(int64_t index, int64_t rank, int64_t lo, int64_t hi)
{
  const int64_t i = index < 0 ? index + rank : index;
  return i < lo ? lo : i > hi ? hi : i;
}

static size_t width(const struct onnx_constant *c)
{
  return c->floats ? sizeof *c->floats : sizeof *c->ints;
}

static char *bytes_of(const struct onnx_constant *c)
{
  return c->floats ? (char *)c->floats : (char *)c->ints;
}

/** Product of the extents first <= i < last. */
static size_t product(const struct shape *s, int first, int last)
{
  size_t n = 1;
  for (int i = first; i < last; i++) n *= (size_t)s->dim[i];
  return n;
}

/** A list of integers that older opsets give as an attribute and newer ones as input `index`;
 *  *list = NULL where neither is there. */
static err find_list(const struct fold *f, const char *name, int index, const int64_t **list,
                     int *n)
{
  const struct attr *a = attr_find(f->attrs, name);
  *list = NULL;
  *n = 0;
  if (a) {
    CHECK(a->kind == ATTR_INTS && a->n, ERR_FORMAT, "attribute '%s' is not a list of integers",
          name);
    *list = a->ints;
    *n = a->n;
  } else if (index < f->n_in && f->in[index]) {
    CHECK(f->in[index]->ints, ERR_FORMAT, "input '%s' is not a list of integers", name);
    *list = f->in[index]->ints;
    *n = (int)shape_count(&f->in[index]->shape);
  }
  return ERR_OK;
}

/** One axis of a tensor of that rank, counted from the end when negative. */
static err check_axis(int64_t axis, int rank, int *out)
{
  CHECK(axis >= -rank && axis < rank, ERR_FORMAT, "axis %" PRId64 " of a tensor of rank %d", axis,
        rank);
  *out = (int)(axis < 0 ? axis + rank : axis);
  return ERR_OK;
}

/** Which of `rank` axes are in the list. */
static err mark_axes(const int64_t *list, int n, int rank, bool marked[MAX_RANK])
{
  for (int i = 0; i < n; i++) {
    int axis = 0;
    TRY(check_axis(list[i], rank, &axis));
    CHECK(!marked[axis], ERR_FORMAT, "axis %d is given twice", axis);
    marked[axis] = true;
  }
  return ERR_OK;
}

/** The same elements under another shape. */
static err relabel(struct fold *f, const struct shape *shape)
{
  const struct onnx_constant *x = f->in[0];
  TRY(onnx_constant_make(f->m, shape, x->floats != NULL, &f->out));
  memcpy(bytes_of(f->out), bytes_of(x), (size_t)shape_count(shape) * width(x));
  return ERR_OK;
}

err onnx_fold_unsqueeze(struct fold *f)
{
  const struct shape *x = &f->in[0]->shape;
  const int64_t *axes = NULL;
  int n = 0, from = 0;
  bool added[MAX_RANK] = {false};
  TRY(find_list(f, "axes", 1, &axes, &n));
  CHECK(axes, ERR_FORMAT, "it has no axes");
  CHECK(n <= MAX_RANK - x->rank, ERR_UNSUPPORTED, "more than %d dimensions", MAX_RANK);
  struct shape y = {.rank = x->rank + n};
  TRY(mark_axes(axes, n, y.rank, added));
  for (int i = 0; i < y.rank; i++) y.dim[i] = added[i] ? 1 : x->dim[from++];
  return relabel(f, &y);
}

err onnx_fold_squeeze(struct fold *f)
{
  const struct shape *x = &f->in[0]->shape;
  const int64_t *axes = NULL;
  int n = 0;
  bool removed[MAX_RANK] = {false};
  TRY(find_list(f, "axes", 1, &axes, &n));
  TRY(mark_axes(axes, n, x->rank, removed));
  struct shape y = {.rank = 0};
  for (int i = 0; i < x->rank; i++) {
    CHECK(!removed[i] || x->dim[i] == 1, ERR_SHAPE, "axis %d has extent %d, not 1", i, x->dim[i]);
    if (axes ? !removed[i] : x->dim[i] != 1) y.dim[y.rank++] = x->dim[i];
  }
  return relabel(f, &y);
}

/** Extents of a Reshape: 0 keeps that of the input, one -1 takes what is left. */
err onnx_fold_reshape(struct fold *f)
{
  const struct onnx_constant *x = f->in[0], *s = f->in[1];
  CHECK(s && s->ints, ERR_FORMAT, "its shape is not a list of integers");
  const int64_t rank = shape_count(&s->shape), count = shape_count(&x->shape);
  int64_t dims[MAX_RANK], known = 1;
  int open = -1;
  CHECK(rank <= MAX_RANK, ERR_UNSUPPORTED, "more than %d dimensions", MAX_RANK);
  for (int i = 0; i < rank; i++) {
    dims[i] = s->ints[i] || i >= x->shape.rank ? s->ints[i] : x->shape.dim[i];
    CHECK(dims[i] > 0 || (dims[i] == -1 && open < 0), ERR_SHAPE, "extent %" PRId64, dims[i]);
    CHECK(dims[i] <= count, ERR_SHAPE, "extent %" PRId64 " is too large", dims[i]);
    if (dims[i] < 0) {
      open = i;
    } else {
      known = known > count ? known : known * dims[i];
    }
  }
  if (open >= 0) dims[open] = count / known;
  CHECK(known <= count && known * (open < 0 ? 1 : count / known) == count, ERR_SHAPE,
        "%" PRId64 " elements do not fit the new shape", count);
  struct shape y;
  TRY(onnx_shape_check(dims, (size_t)rank, f->m->values[f->node->out[0]].name, &y));
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
  TRY(check_axis(axis_given, x->shape.rank, &axis));
  const struct shape *xs = &x->shape, *is = &index->shape;
  CHECK(xs->rank - 1 + is->rank <= MAX_RANK, ERR_UNSUPPORTED, "more than %d dimensions", MAX_RANK);
  int64_t dims[2 * MAX_RANK];
  int rank = 0;
  for (int i = 0; i < axis; i++) dims[rank++] = xs->dim[i];
  for (int i = 0; i < is->rank; i++) dims[rank++] = is->dim[i];
  for (int i = axis + 1; i < xs->rank; i++) dims[rank++] = xs->dim[i];
  struct shape ys;
  TRY(onnx_shape_check(dims, (size_t)rank, f->m->values[f->node->out[0]].name, &ys));
  TRY(onnx_constant_make(f->m, &ys, x->floats != NULL, &f->out));
  const size_t outer = product(xs, 0, axis), run = product(xs, axis + 1, xs->rank) * width(x);
  const size_t n = (size_t)shape_count(is), extent = (size_t)xs->dim[axis];
  for (size_t j = 0; j < n; j++) {
    int at = 0;
    TRY(check_axis(index->ints[j], xs->dim[axis], &at));
    for (size_t a = 0; a < outer; a++) {
      memcpy(bytes_of(f->out) + (a * n + j) * run, bytes_of(x) + (a * extent + (size_t)at) * run,
             run);
    }
  }
  return ERR_OK;
}

/** Lists only: shapes are all that exporters slice. */
err onnx_fold_slice(struct fold *f)
{
  const struct onnx_constant *x = f->in[0];
  const int64_t *starts = NULL, *ends = NULL, *steps = NULL;
  int n_starts = 0, n_ends = 0, n_steps = 0;
  CHECK(x && x->shape.rank == 1, ERR_UNSUPPORTED, "only lists of numbers can be sliced");
  TRY(find_list(f, "starts", 1, &starts, &n_starts));
  TRY(find_list(f, "ends", 2, &ends, &n_ends));
  TRY(find_list(f, "steps", 4, &steps, &n_steps));
  CHECK(n_starts == 1 && n_ends == 1 && n_steps <= 1, ERR_FORMAT, "it needs one start and one end");
  const int64_t extent = x->shape.dim[0], step = steps ? *steps : 1;
  CHECK(step && step > -INT_MAX && step < INT_MAX, ERR_FORMAT, "its step is %" PRId64, step);
  const bool up = step > 0;
  const int64_t first = onnx_fold_clamp(*starts, extent, 0, up ? extent : extent - 1);
  const int64_t last = onnx_fold_clamp(*ends, extent, up ? 0 : -1, up ? extent : extent - 1);
  const int64_t way = up ? last - first : first - last;
  CHECK(way > 0, ERR_UNSUPPORTED, "its result is empty");
  const struct shape ys = {.rank = 1, .dim = {(int)((way - 1) / (up ? step : -step) + 1)}};
  TRY(onnx_constant_make(f->m, &ys, x->floats != NULL, &f->out));
  for (int64_t i = 0; i < ys.dim[0]; i++) {
    memcpy(bytes_of(f->out) + (size_t)i * width(x),
           bytes_of(x) + (size_t)(first + i * step) * width(x), width(x));
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
  return onnx_shape_check(dims, (size_t)x->shape.rank, f->m->values[f->node->out[0]].name, out);
}

err onnx_fold_concat(struct fold *f)
{
  int64_t given = 0;
  int axis = 0;
  struct shape ys;
  CHECK(f->in[0], ERR_FORMAT, "its first input is missing");
  TRY(attr_int(f->attrs, "axis", 1, &given));
  TRY(check_axis(given, f->in[0]->shape.rank, &axis));
  TRY(concat_shape(f, axis, &ys));
  TRY(onnx_constant_make(f->m, &ys, f->in[0]->floats != NULL, &f->out));
  const size_t outer = product(&ys, 0, axis);
  const size_t row = product(&ys, axis, ys.rank) * width(f->out);
  char *to = bytes_of(f->out);
  for (int i = 0; i < f->n_in; i++) {
    const size_t run = product(&f->in[i]->shape, axis, ys.rank) * width(f->out);
    for (size_t a = 0; a < outer; a++) memcpy(to + a * row, bytes_of(f->in[i]) + a * run, run);
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
  size_t stride[MAX_RANK];
  bool used[MAX_RANK] = {false};
  TRY(attr_ints(f->attrs, "perm", MAX_RANK, 0, MAX_RANK - 1, &n, perm));
  CHECK(!n || n == rank, ERR_FORMAT, "perm has %d entries for rank %d", n, rank);
  struct shape ys = {.rank = rank};
  for (int k = 0; k < rank; k++) {
    const int p = n ? perm[k] : rank - 1 - k;
    CHECK(p < rank && !used[p], ERR_FORMAT, "perm is not a permutation");
    used[p] = true;
    ys.dim[k] = x->shape.dim[p];
    stride[k] = product(&x->shape, p + 1, rank);
  }
  TRY(onnx_constant_make(f->m, &ys, x->floats != NULL, &f->out));
  const int64_t count = shape_count(&ys);
  const size_t w = width(x);
  for (int64_t i = 0; i < count; i++) {
    size_t at = 0;
    for (int k = 0; k < rank; k++) at += (size_t)index[k] * stride[k];
    memcpy(bytes_of(f->out) + (size_t)i * w, bytes_of(x) + at * w, w);
    for (int k = rank - 1; k >= 0 && ++index[k] == ys.dim[k]; k--) index[k] = 0;
  }
  return ERR_OK;
}
