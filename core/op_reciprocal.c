/** @file
 *  Reciprocal: y = 1 / x, derivative -y^2.  Source: ONNX operator specification, Reciprocal-6 to
 *  Reciprocal-13. */
#include "core/unary.h"

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return REAL(1.0) / x;
}

SIMD_PART real slope(real y, const struct unary *a)
{
  (void)a;
  return -(y * y);
}

UNARY_FROM_Y

const struct op op_reciprocal = {
    .name = "Reciprocal",
    .source = "ONNX operators, Reciprocal-6 to Reciprocal-13",
    .backward_reads = OP_READS_Y,
    UNARY_PLAIN_FIELDS,
};
