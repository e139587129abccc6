/** @file
 *  HardSwish: y = x min(max(x / 6 + 1/2, 0), 1), derivative 0 below -3, x / 3 + 1/2 from -3 to 3
 *  and 1 above, as in PyTorch.  Source: ONNX operator specification, HardSwish-14. */
#include "core/unary.h"

SIMD_PART real value(real x, const struct unary *a)
{
  (void)a;
  const real v = x / REAL(6.0) + REAL(0.5);
  const real raised = v < REAL(0.0) ? REAL(0.0) : v;
  return x * (raised > REAL(1.0) ? REAL(1.0) : raised);
}

SIMD_PART real slope(real x, const struct unary *a)
{
  (void)a;
  const real middle = x / REAL(3.0) + REAL(0.5);
  return x < REAL(-3.0) ? REAL(0.0) : x > REAL(3.0) ? REAL(1.0) : middle;
}

UNARY_FROM_X

const struct op op_hard_swish = {
    .name = "HardSwish",
    .source = "ONNX operators, HardSwish-14",
    .backward_reads = OP_READS_X,
    UNARY_PLAIN_FIELDS,
};
