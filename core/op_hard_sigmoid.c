/** @file
 *  HardSigmoid: y = min(max(alpha x + beta, 0), 1); the derivative is alpha strictly between the
 *  bounds and 0 at them and outside.  Source: ONNX operator specification, HardSigmoid-6. */
#include "core/unary.h"

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  return unary_parse(list, 0.2F, 0.5F, attr);
}

SIMD_PART real value(real x, const struct unary *a)
{
  const real v = a->alpha * x + a->beta;
  const real raised = v < REAL(0.0) ? REAL(0.0) : v;
  return raised > REAL(1.0) ? REAL(1.0) : raised;
}

SIMD_PART real slope(real y, const struct unary *a)
{
  return y > REAL(0.0) && y < REAL(1.0) ? a->alpha : REAL(0.0);
}

UNARY_FROM_Y

const struct op op_hard_sigmoid = {
    .name = "HardSigmoid",
    .source = "ONNX operators, HardSigmoid-6",
    .attr_bytes = sizeof(struct unary),
    .parse = parse,
    .backward_reads = OP_READS_Y,
    UNARY_FIELDS,
};
