/** @file
 *  Sigmoid: y = 1 / (1 + exp(-x)), derivative y (1 - y).  Source: ONNX operator specification,
 *  Sigmoid-6 to Sigmoid-13. */
#include "core/unary.h"
#include "core/vmath.h"

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return vmath_sigmoid(x);
}

SIMD_PART real slope(real y, const struct unary *a)
{
  (void)a;
  return y * (REAL(1.0) - y);
}

UNARY_FROM_Y

const struct op op_sigmoid = {
    .name = "Sigmoid",
    .source = "ONNX operators, Sigmoid-6 to Sigmoid-13",
    .backward_reads = OP_READS_Y,
    UNARY_PLAIN_FIELDS,
};
