/** @file
 *  Softplus: y = log(1 + exp(x)), taken in double; derivative 1 / (1 + exp(-x)).  Source: ONNX
 *  operator specification, Softplus-1. */
#include "core/unary.h"
#include "core/vmath.h"

#include <math.h>

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  const double v = (double)x;
  return (real)(v > 0.0 ? v + log1p(exp(-v)) : log1p(exp(v)));
}

SIMD_PART real slope(real x, const struct unary *a)
{
  (void)a;
  return vmath_sigmoid(x);
}

UNARY_FROM_X

const struct op op_softplus = {
    .name = "Softplus",
    .source = "ONNX operators, Softplus-1",
    .backward_reads = OP_READS_X,
    UNARY_PLAIN_FIELDS,
};
