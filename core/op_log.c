/** @file
 *  Log: y = log(x), derivative 1 / x; the logarithm is taken in double.  Source: ONNX operator
 *  specification, Log-6 to Log-13. */
#include "core/unary.h"

#include <math.h>

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return (real)log((double)x);
}

SIMD_PART real slope(real x, const struct unary *a)
{
  (void)a;
  return REAL(1.0) / x;
}

UNARY_FROM_X

const struct op op_log = {
    .name = "Log",
    .source = "ONNX operators, Log-6 to Log-13",
    .backward_reads = OP_READS_X,
    UNARY_PLAIN_FIELDS,
};
