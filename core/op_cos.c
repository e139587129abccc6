/** @file
 *  Cos: y = cos(x), derivative -sin(x); taken in double.
 *  Source: ONNX operator specification, Cos-7. */
#include "core/unary.h"

#include <math.h>

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return (real)cos((double)x);
}

SIMD_PART real slope(real x, const struct unary *a)
{
  (void)a;
  return (real)-sin((double)x);
}

UNARY_FROM_X

const struct op op_cos = {
    .name = "Cos",
    .source = "ONNX operators, Cos-7",
    .backward_reads = OP_READS_X,
    UNARY_PLAIN_FIELDS,
};
