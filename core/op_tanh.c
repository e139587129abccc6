/** @file
 *  Tanh: y = tanh(x), derivative 1 - y^2.  Source: ONNX operator specification, Tanh-6 to Tanh-13. */
#include "core/unary.h"
#include "core/vmath.h"

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return vmath_tanh(x);
}

SIMD_PART real slope(real y, const struct unary *a)
{
  (void)a;
  return REAL(1.0) - y * y;
}

UNARY_FROM_Y

const struct op op_tanh = {
    .name = "Tanh",
    .source = "ONNX operators, Tanh-6 to Tanh-13",
    .backward_reads = OP_READS_Y,
    UNARY_PLAIN_FIELDS,
};
