/** @file
 *  Cosh: y = cosh(x), derivative sinh(x); taken in double.
 *  Source: ONNX operator specification, Cosh-9. */
#include "core/unary.h"

#include <math.h>

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return (real)cosh((double)x);
}

SIMD_PART real slope(real x, const struct unary *a)
{
  (void)a;
  return (real)sinh((double)x);
}

UNARY_FROM_X

const struct op op_cosh = {
    .name = "Cosh",
    .source = "ONNX operators, Cosh-9",
    .backward_reads = OP_READS_X,
    UNARY_PLAIN_FIELDS,
};
