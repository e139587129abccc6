/** @file
 *  Exp: y = exp(x), derivative y.  Source: ONNX operator specification, Exp-6 to Exp-13. */
#include "core/unary.h"
#include "core/vmath.h"

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return vmath_exp(x);
}

SIMD_PART real slope(real y, const struct unary *a)
{
  (void)a;
  return y;
}

UNARY_FROM_Y

const struct op op_exp = {
    .name = "Exp",
    .source = "ONNX operators, Exp-6 to Exp-13",
    .backward_reads = OP_READS_Y,
    UNARY_PLAIN_FIELDS,
};
