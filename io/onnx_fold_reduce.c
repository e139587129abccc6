/** @file
 *  Folders that reduce constants along axes, and the integer weights of quantised models. */
#include "io/onnx_fold.h"

#include <math.h>
#include <string.h>

enum { MAX_RANK = SHAPE_MAX_RANK };

/** How a reduction takes one more element into what it has; `first` is what it begins with. */
struct reduction {
  double first;
  double (*join)(double so_far, double x);
  bool mean;
};

/** Which axes go: all where none are given. */
static err reduced_axes(const struct fold *f, bool gone[MAX_RANK])
{
  const int rank = f->in[0]->shape.rank;
  const int64_t *axes = NULL;
  int64_t keep_all = 0;
  int n = 0;
  TRY(onnx_fold_find(f, "axes", 1, &axes, &n));
  TRY(attr_int(f->attrs, "noop_with_empty_axes", 0, &keep_all));
  TRY(onnx_fold_mark(axes, n, rank, gone));
  for (int k = 0; k < rank && !n; k++) gone[k] = !keep_all;
  return ERR_OK;
}

/** The reduced element begins at the origin and runs over the extents of the axes that go. */
static double reduce_one(const struct onnx_constant *x, const struct shape *inner,
                         const int64_t *step, int64_t origin, const struct reduction *r)
{
  int index[MAX_RANK] = {0};
  double sum = r->first;
  const int64_t n = shape_count(inner);
  for (int64_t i = 0; i < n; i++, onnx_fold_next(inner, index)) {
    const int64_t at = origin + onnx_fold_offset(inner->rank, index, step);
    sum = r->join(sum, x->floats ? (double)x->floats[at] : (double)x->ints[at]);
  }
  return r->mean && n ? sum / (double)n : sum;
}

/** Extents that stay (1 along reduced axes) and those that go (1 along the others). */
static void split_axes(const struct shape *x, const bool gone[MAX_RANK], struct shape *outer,
                       struct shape *inner)
{
  outer->rank = inner->rank = x->rank;
  for (int k = 0; k < x->rank; k++) {
    outer->dim[k] = gone[k] ? 1 : x->dim[k];
    inner->dim[k] = gone[k] ? x->dim[k] : 1;
  }
}

static err reduce(struct fold *f, const struct reduction *r)
{
  const struct onnx_constant *x = f->in[0];
  bool gone[MAX_RANK] = {false};
  int64_t keepdims = 1, step[MAX_RANK] = {0}, next = 1;
  int index[MAX_RANK] = {0};
  struct shape outer, inner, ys = {.rank = 0};
  TRY(attr_int(f->attrs, "keepdims", 1, &keepdims));
  TRY(reduced_axes(f, gone));
  split_axes(&x->shape, gone, &outer, &inner);
  for (int k = x->shape.rank - 1; k >= 0; k--) {
    step[k] = next;
    next *= x->shape.dim[k];
  }
  for (int k = 0; k < outer.rank; k++)
    if (keepdims || !gone[k]) ys.dim[ys.rank++] = outer.dim[k];
  TRY(onnx_fold_out(f, &ys, x->floats != NULL));
  const int64_t n = shape_count(&outer);
  for (int64_t i = 0; i < n; i++, onnx_fold_next(&outer, index)) {
    const int64_t origin = onnx_fold_offset(outer.rank, index, step);
    const double value = reduce_one(x, &inner, step, origin, r);
    CHECK(x->floats || fabs(value) < 0x1p53, ERR_FORMAT, "its result is no exact integer");
    if (x->floats) {
      f->out->floats[i] = (float)value;
    } else {
      f->out->ints[i] = (int64_t)value;
    }
  }
  return ERR_OK;
}

static double sum_of(double a, double b)
{
  return a + b;
}
static double product_of(double a, double b)
{
  return a * b;
}

err onnx_fold_reduce_sum(struct fold *f)
{
  return reduce(f, &(struct reduction){0.0, sum_of, false});
}
err onnx_fold_reduce_mean(struct fold *f)
{
  return reduce(f, &(struct reduction){0.0, sum_of, true});
}
err onnx_fold_reduce_prod(struct fold *f)
{
  return reduce(f, &(struct reduction){1.0, product_of, false});
}
err onnx_fold_reduce_max(struct fold *f)
{
  return reduce(f, &(struct reduction){-HUGE_VAL, fmax, false});
}
err onnx_fold_reduce_min(struct fold *f)
{
  return reduce(f, &(struct reduction){HUGE_VAL, fmin, false});
}

/** y = (x - zero) * scale, scale and zero of the whole tensor or of each place of `axis`: weights of
 *  quantised models.  Source: ONNX operators, DequantizeLinear-13. */
err onnx_fold_dequantize_linear(struct fold *f)
{
  const struct onnx_constant *x = f->in[0], *scale = f->in[1],
                             *zero = f->n_in > 2 ? f->in[2] : NULL;
  int64_t given = 1, inner = 1;
  int axis = 0;
  CHECK(x->ints && scale->floats && (!zero || zero->ints), ERR_FORMAT,
        "its inputs are not integers, floats and integers");
  TRY(attr_int(f->attrs, "axis", 1, &given));
  const int64_t places = shape_count(&scale->shape), n = shape_count(&x->shape);
  CHECK(!zero || shape_count(&zero->shape) == places, ERR_SHAPE,
        "its scale and zero point differ in shape");
  if (places > 1) {
    TRY(onnx_fold_axis(given, x->shape.rank, &axis));
    CHECK(places == x->shape.dim[axis], ERR_SHAPE, "its scale does not fit axis %d", axis);
    for (int k = axis + 1; k < x->shape.rank; k++) inner *= x->shape.dim[k];
  }
  CHECK(places >= 1, ERR_SHAPE, "its scale is empty");
  TRY(onnx_fold_out(f, &x->shape, true));
  for (int64_t i = 0; i < n; i++) {
    const int64_t p = i / inner % places;
    const double moved = (double)x->ints[i] - (zero ? (double)zero->ints[p] : 0.0);
    f->out->floats[i] = (float)moved * scale->floats[p];
  }
  return ERR_OK;
}
