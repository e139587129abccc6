/** @file
 *  Concat along any axis but the batch.
 *  Source: ONNX operator specification, Concat-4 to Concat-13. */
#include "core/elementwise.h"
#include "core/op.h"
#include "core/operand.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

struct concat {
  int64_t given;
  int axis;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  struct concat *a = attr;
  CHECK(attr_find(list, "axis"), ERR_FORMAT, "attribute 'axis' is missing");
  return attr_int(list, "axis", 1, &a->given);
}

/** Input i agrees with *s in all dimensions but the axis, along which *total grows. */
static err join(const struct operand *in, int i, int axis, const struct shape *s, int64_t *total)
{
  char mine[96], first[96];
  const struct shape *x = &in[i].shape;
  bool agree = x->rank == s->rank;
  for (int d = 0; agree && d < x->rank; d++) agree = d == axis || x->dim[d] == s->dim[d];
  CHECK(agree, ERR_SHAPE, "input %d has shape %s, which does not continue %s along axis %d", i,
        shape_text(x, "N", mine, sizeof mine), shape_text(s, "N", first, sizeof first), axis);
  *total += x->dim[axis];
  CHECK(*total <= INT_MAX, ERR_SHAPE, "axis %d would be longer than %d", axis, INT_MAX);
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct concat *a = attr;
  int64_t total = 0;
  for (int i = 0; i < n_in; i++) TRY(operand_activation(in, i));
  TRY(operand_axis(a->given, in[0].shape.rank, &a->axis));
  struct shape s = in[0].shape;
  for (int i = 0; i < n_in; i++) TRY(join(in, i, a->axis, &s, &total));
  s.dim[a->axis] = (int)total;
  TRY(operand_result(&s));
  *ys = s;
  return ERR_OK;
}

/** Elements of a tensor from the axis on, as stored: what one copy moves. */
static int64_t chunk(const struct shape *s, int axis, int batch)
{
  int64_t n = axis == 1 ? batch : 1;
  for (int i = axis; i < s->rank; i++) n *= s->dim[i];
  return n;
}

static void forward(const struct op_fwd *c)
{
  const struct concat *a = c->at->attr;
  const int64_t row = chunk(&c->at->ys, a->axis, c->at->batch);
  const int64_t rows = shape_count(&c->at->ys) * c->at->batch / row;
  real *y = c->y;
  for (int i = 0; i < c->at->n_in; i++) {
    const int64_t n = chunk(&c->at->in[i].shape, a->axis, c->at->batch);
    for (int64_t r = 0; r < rows; r++) memcpy(y + r * row, c->x[i] + r * n, (size_t)n * sizeof *y);
    y += n;
  }
}

/** dx[r, :] (+)= dy[r, first n of row], for every r. */
static void give_rows(const real *restrict dy, int64_t rows, int64_t row, int64_t n, bool set,
                      real *restrict dx)
{
  for (int64_t r = 0; r < rows; r++) {
    if (set) {
      memcpy(dx + r * n, dy + r * row, (size_t)n * sizeof *dx);
    } else {
      elementwise_scale(dy + r * row, REAL(1.0), n, false, dx + r * n);
    }
  }
}

static void backward(const struct op_bwd *c)
{
  const struct concat *a = c->at->attr;
  const int64_t row = chunk(&c->at->ys, a->axis, c->at->batch);
  const int64_t rows = shape_count(&c->at->ys) * c->at->batch / row;
  const real *dy = c->dy;
  for (int i = 0; i < c->at->n_in; i++) {
    const int64_t n = chunk(&c->at->in[i].shape, a->axis, c->at->batch);
    if (c->dx[i]) give_rows(dy, rows, row, n, op_sets(c, i), c->dx[i]);
    dy += n;
  }
}

const struct op op_concat = {
    .name = "Concat",
    .source = "ONNX operators, Concat-13",
    .min_in = 1,
    .max_in = -1,
    .attr_bytes = sizeof(struct concat),
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
