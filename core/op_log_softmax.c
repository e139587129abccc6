/** @file
 *  LogSoftmax: y_i = x_i - m - log(sum_j exp(x_j - m)), m = max_j x_j; sums in double.
 *  Source: ONNX operator specification, LogSoftmax-1, LogSoftmax-13. */
#include "core/op.h"
#include "core/rows.h"
#include "core/softmax.h"
#include "core/vmath.h"

#include <math.h>

SIMD static void subtract(const real *restrict x, int64_t n, double less, real *restrict y)
{
  for (int64_t i = 0; i < n; i++) y[i] = (real)((double)x[i] - less);
}

static void forward(const struct op_fwd *c)
{
  const struct groups g = softmax_groups(c->at);
  for (int64_t k = 0; k < groups_count(&g); k++) {
    const int64_t at = groups_at(&g, k);
    real top;
    const double sum = softmax_exponentials(&g, c->x[0] + at, c->y + at, &top);
    const double less = (double)top + log(sum);
    for (int64_t a = 0; a < g.a; a++)
      subtract(c->x[0] + at + a * g.a_step, g.b, less, c->y + at + a * g.a_step);
  }
}

SIMD static double row_sum(const real *restrict y, const real *restrict dy, int64_t n)
{
  double sum;
  (void)y;
  ROWS_SUM(n, (double)dy[i], sum);
  return sum;
}

SIMD static void back_row(const real *restrict y, const real *restrict dy, int64_t n, double sum,
                          bool set, real *restrict dx)
{
  if (set) {
    for (int64_t i = 0; i < n; i++) dx[i] = (real)((double)dy[i] - (double)vmath_exp(y[i]) * sum);
  } else {
    for (int64_t i = 0; i < n; i++) dx[i] += (real)((double)dy[i] - (double)vmath_exp(y[i]) * sum);
  }
}

/** dx_i (+)= dy_i - exp(y_i) sum_j dy_j. */
static void backward(const struct op_bwd *c)
{
  softmax_backward(c, row_sum, back_row);
}

const struct op op_log_softmax = {
    .name = "LogSoftmax",
    .source = "ONNX operators, LogSoftmax-1, LogSoftmax-13",
    SOFTMAX_FIELDS,
};
