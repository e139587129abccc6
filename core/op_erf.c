/** @file
 *  Erf: y = 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x, derivative 2 / sqrt(pi)
 *  exp(-x^2).  Source: ONNX operator specification, Erf-9, Erf-13. */
#include "core/unary.h"
#include "core/vmath.h"

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return vmath_erf(x);
}

SIMD_PART real slope(real x, const struct unary *a)
{
  (void)a;
  const real factor = REAL(1.1283791670955126);
  return factor * vmath_exp(-(x * x));
}

UNARY_FROM_X

const struct op op_erf = {
    .name = "Erf",
    .source = "ONNX operators, Erf-9, Erf-13",
    .backward_reads = OP_READS_X,
    UNARY_PLAIN_FIELDS,
};
