/** @file
 *  Asinh: y = asinh(x), derivative 1 / sqrt(1 + x^2); taken in double.
 *  Source: ONNX operator specification, Asinh-9. */
#include "core/unary.h"

#include <math.h>

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return (real)asinh((double)x);
}

SIMD_PART real slope(real x, const struct unary *a)
{
  (void)a;
  return (real)(1.0 / sqrt(1.0 + (double)x * (double)x));
}

UNARY_FROM_X

const struct op op_asinh = {
    .name = "Asinh",
    .source = "ONNX operators, Asinh-9",
    .backward_reads = OP_READS_X,
    UNARY_PLAIN_FIELDS,
};
