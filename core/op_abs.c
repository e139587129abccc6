/** @file
 *  Abs: y = |x|, derivative the sign of x, 0 at 0.  Source: ONNX operator specification, Abs-6 to
 *  Abs-13. */
#include "core/unary.h"

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return x < REAL(0.0) ? -x : x;
}

SIMD_PART real slope(real x, const struct unary *a)
{
  (void)a;
  return x > REAL(0.0) ? REAL(1.0) : x < REAL(0.0) ? REAL(-1.0) : REAL(0.0);
}

UNARY_FROM_X

const struct op op_abs = {
    .name = "Abs",
    .source = "ONNX operators, Abs-6 to Abs-13",
    .backward_reads = OP_READS_X,
    UNARY_PLAIN_FIELDS,
};
