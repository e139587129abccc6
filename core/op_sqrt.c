/** @file
 *  Sqrt: y = sqrt(x), derivative 1 / (2 y), infinite at 0.  Source: ONNX operator specification,
 *  Sqrt-6 to Sqrt-13. */
#include "core/unary.h"

#include <math.h>

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return (real)sqrt((double)x);
}

SIMD_PART real slope(real y, const struct unary *a)
{
  (void)a;
  return REAL(0.5) / y;
}

UNARY_FROM_Y

const struct op op_sqrt = {
    .name = "Sqrt",
    .source = "ONNX operators, Sqrt-6 to Sqrt-13",
    .backward_reads = OP_READS_Y,
    UNARY_PLAIN_FIELDS,
};
