/** @file
 *  Tan: y = tan(x), derivative 1 + tan(x)^2; taken in double.
 *  Source: ONNX operator specification, Tan-7. */
#include "core/unary.h"

#include <math.h>

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return (real)tan((double)x);
}

SIMD_PART real slope(real x, const struct unary *a)
{
  (void)a;
  return (real)(1.0 + tan((double)x) * tan((double)x));
}

UNARY_FROM_X

const struct op op_tan = {
    .name = "Tan",
    .source = "ONNX operators, Tan-7",
    .backward_reads = OP_READS_X,
    UNARY_PLAIN_FIELDS,
};
