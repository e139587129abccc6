/** @file
 *  Implicit biases of operators. */
#include "core/curve.h"

#include "core/arena.h"

#include <string.h>

enum { MOST_INPUTS = 8 }; /* of an operator y_i = f(x_i) */

/* f(t x) = t f(x) for t > 0: nothing is added. */
static const char *const homogeneous[] = {"Abs", "LeakyRelu", "PRelu", "Relu", "ThresholdedRelu"};

static bool is_homogeneous(const struct op *op)
{
  for (size_t i = 0; i < sizeof homogeneous / sizeof *homogeneous; i++)
    if (!strcmp(op->name, homogeneous[i])) return true;
  return false;
}

/** y_i = f(x_i) of the first input alone. */
static bool is_function(const struct op_site *at)
{
  if (at->n_in > MOST_INPUTS) return false;
  for (int k = 1; k < at->n_in; k++)
    if (at->in[k].present && !at->in[k].fixed) return false;
  return !at->in[0].fixed && shape_count(&at->in[0].shape) == shape_count(&at->ys);
}

enum curve curve_of(const struct op *op, const struct op_site *at)
{
  const enum op_role role = op_role(op, at);
  if (role == OP_PRODUCT) return CURVE_PRODUCT;
  if (role == OP_QUOTIENT) return at->in[0].fixed ? CURVE_RECIPROCAL : CURVE_QUOTIENT;
  if (role == OP_MIXING) return CURVE_UNKNOWN;
  if (role != OP_POINTWISE || is_homogeneous(op)) return CURVE_NONE;
  if (!is_function(at)) return CURVE_UNKNOWN;
  return op->is_constant ? CURVE_CONSTANT : CURVE_FUNCTION;
}

size_t curve_bytes(const struct op *op, const struct op_site *at)
{
  const enum curve curve = curve_of(op, at);
  const size_t tensor = arena_reals(shape_count(&at->ys));
  if (!curve_adds(curve)) return 0;
  return curve_reads_x(curve) ? 4 * tensor + (op->work_bytes ? op->work_bytes(at) : 0) : tensor;
}

static void gather(const struct curve_call *c, const real *from, real *to)
{
  for (int k = 0; k < c->channels; k++)
    memcpy(to + k * c->positions, from + k * c->stride, (size_t)c->positions * sizeof *to);
}

/** b = y - f'(x) x, from what comes back of ones. */
static void from_slope(const struct curve_call *c, int64_t n, real *b)
{
  const size_t step = arena_reals(n) / sizeof *b;
  real *x = b + step, *y = x + step, *ones = y + step, *dx[MOST_INPUTS] = {b};
  const real *in[MOST_INPUTS] = {x};
  struct op_site one = *c->at;
  one.batch = 1;
  for (int k = 1; k < one.n_in; k++) in[k] = one.in[k].data;
  gather(c, c->x, x);
  gather(c, c->y, y);
  for (int64_t i = 0; i < n; i++) {
    ones[i] = REAL(1.0);
    b[i] = REAL(0.0);
  }
  c->op->backward(
      &(struct op_bwd){.at = &one, .x = in, .y = y, .dy = ones, .dx = dx, .work = ones + step});
  for (int64_t i = 0; i < n; i++) b[i] = y[i] - b[i] * x[i];
}

const real *curve_biases(const struct curve_call *c)
{
  const int64_t n = c->channels * c->positions;
  const enum curve curve = curve_of(c->op, c->at);
  real *b = c->work;
  if (curve_reads_x(curve)) {
    from_slope(c, n, b);
    return b;
  }
  const real by = curve == CURVE_PRODUCT      ? REAL(-1.0)
                  : curve == CURVE_RECIPROCAL ? REAL(2.0)
                                              : REAL(1.0);
  gather(c, c->y, b);
  for (int64_t i = 0; i < n; i++) {
    const bool none = curve == CURVE_CONSTANT && !c->op->is_constant(c->at, b[i]);
    b[i] = none ? REAL(0.0) : by * b[i];
  }
  return b;
}
