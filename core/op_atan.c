/** @file
 *  Atan: y = atan(x), derivative 1 / (1 + x^2); taken in double.
 *  Source: ONNX operator specification, Atan-7. */
#include "core/unary.h"

#include <math.h>

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return (real)atan((double)x);
}

SIMD_PART real slope(real x, const struct unary *a)
{
  (void)a;
  return (real)(1.0 / (1.0 + (double)x * (double)x));
}

UNARY_FROM_X

const struct op op_atan = {
    .name = "Atan",
    .source = "ONNX operators, Atan-7",
    .backward_reads = OP_READS_X,
    UNARY_PLAIN_FIELDS,
};
