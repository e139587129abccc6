/** @file
 *  Softsign: y = x / (1 + |x|), derivative 1 / (1 + |x|)^2.  Source: ONNX operator specification,
 *  Softsign-1. */
#include "core/unary.h"

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  return x / (REAL(1.0) + (x < REAL(0.0) ? -x : x));
}

SIMD_PART real slope(real x, const struct unary *a)
{
  (void)a;
  const real v = REAL(1.0) / (REAL(1.0) + (x < REAL(0.0) ? -x : x));
  return v * v;
}

UNARY_FROM_X

const struct op op_softsign = {
    .name = "Softsign",
    .source = "ONNX operators, Softsign-1",
    .backward_reads = OP_READS_X,
    UNARY_PLAIN_FIELDS,
};
