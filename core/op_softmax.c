/** @file
 *  Softmax: y_i = exp(x_i - m) / sum_j exp(x_j - m), m = max_j x_j; sums in double.
 *  Source: ONNX operator specification, Softmax-1, Softmax-13. */
#include "core/op.h"
#include "core/rows.h"
#include "core/softmax.h"

SIMD static void divide(real *restrict y, int64_t n, double by)
{
  for (int64_t i = 0; i < n; i++) y[i] = (real)((double)y[i] / by);
}

static void forward(const struct op_fwd *c)
{
  const struct groups g = softmax_groups(c->at);
  for (int64_t k = 0; k < groups_count(&g); k++) {
    const int64_t at = groups_at(&g, k);
    real top;
    const double sum = softmax_exponentials(&g, c->x[0] + at, c->y + at, &top);
    for (int64_t a = 0; a < g.a; a++) divide(c->y + at + a * g.a_step, g.b, sum);
  }
}

SIMD static double dot(const real *restrict y, const real *restrict dy, int64_t n)
{
  double sum;
  ROWS_SUM(n, (double)dy[i] * (double)y[i], sum);
  return sum;
}

SIMD static void back_row(const real *restrict y, const real *restrict dy, int64_t n, double sum,
                          bool set, real *restrict dx)
{
  if (set) {
    for (int64_t i = 0; i < n; i++) dx[i] = (real)((double)y[i] * ((double)dy[i] - sum));
  } else {
    for (int64_t i = 0; i < n; i++) dx[i] += (real)((double)y[i] * ((double)dy[i] - sum));
  }
}

/** dx_i (+)= y_i (dy_i - sum_j dy_j y_j). */
static void backward(const struct op_bwd *c)
{
  softmax_backward(c, dot, back_row);
}

const struct op op_softmax = {
    .name = "Softmax",
    .source = "ONNX operators, Softmax-1, Softmax-13",
    SOFTMAX_FIELDS,
};
