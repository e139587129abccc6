/** @file
 *  Swish: y = x s(alpha x), s(v) = 1 / (1 + exp(-v)); derivative s + alpha x s (1 - s) with s = s(alpha x).
 *  Source: ONNX operator specification, Swish-24; Ramachandran, Zoph, Le 2017, arXiv:1710.05941. */
#include "core/unary.h"
#include "core/vmath.h"

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  return unary_parse(list, 1.0F, 0.0F, attr);
}

SIMD_PART real value(real x, const struct unary *a)
{
  return x * vmath_sigmoid(a->alpha * x);
}

SIMD_PART real slope(real x, const struct unary *a)
{
  const real v = a->alpha * x, s = vmath_sigmoid(v);
  return s + v * s * (REAL(1.0) - s);
}

UNARY_FROM_X

const struct op op_swish = {
    .name = "Swish",
    .source = "ONNX operators, Swish-24",
    .attr_bytes = sizeof(struct unary),
    .parse = parse,
    .backward_reads = OP_READS_X,
    UNARY_FIELDS,
};
