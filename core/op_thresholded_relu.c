/** @file
 *  ThresholdedRelu: y = x for x > alpha, 0 elsewhere; the derivative at alpha is 0.  Source: ONNX
 *  operator specification, ThresholdedRelu-10. */
#include "core/unary.h"

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  return unary_parse(list, 1.0F, 0.0F, attr);
}

SIMD_PART real value(real x, const struct unary *a)
{
  return x > a->alpha ? x : REAL(0.0);
}

SIMD_PART real slope(real x, const struct unary *a)
{
  return x > a->alpha ? REAL(1.0) : REAL(0.0);
}

UNARY_FROM_X

const struct op op_thresholded_relu = {
    .name = "ThresholdedRelu",
    .source = "ONNX operators, ThresholdedRelu-10",
    .attr_bytes = sizeof(struct unary),
    .parse = parse,
    .backward_reads = OP_READS_X,
    UNARY_FIELDS,
};
