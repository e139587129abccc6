/** @file
 *  Mish: y = x tanh(log(1 + exp(x))) = x t, derivative t + x (1 - t^2) / (1 + exp(-x)); taken in
 *  double.  Source: ONNX operator specification, Mish-18. */
#include "core/unary.h"

#include <math.h>

/** tanh(log(1 + exp(x))). */
SIMD_PART double bend(double x)
{
  return tanh(x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x)));
}

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return (real)((double)x * bend((double)x));
}

SIMD_PART real slope(real x, const struct unary *a)
{
  (void)a;
  const double v = (double)x, t = bend(v);
  return (real)(t + v * (1.0 - t * t) / (1.0 + exp(-v)));
}

UNARY_FROM_X

const struct op op_mish = {
    .name = "Mish",
    .source = "ONNX operators, Mish-18",
    .backward_reads = OP_READS_X,
    UNARY_PLAIN_FIELDS,
};
