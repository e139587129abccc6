/** @file
 *  Celu: y = x for x > 0, alpha (exp(x / alpha) - 1) elsewhere; the derivative at 0 is 1.
 *  Exponentials are taken in double, as in Elu.  Source: ONNX operator specification, Celu-12. */
#include "core/unary.h"

#include <math.h>

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  return unary_parse(list, 1.0F, 0.0F, attr);
}

SIMD_PART real value(real x, const struct unary *a)
{
  return (real)(x > REAL(0.0) ? (double)x : (double)a->alpha * expm1((double)x / (double)a->alpha));
}

SIMD_PART real slope(real x, const struct unary *a)
{
  return (real)(x > REAL(0.0) ? 1.0 : exp((double)x / (double)a->alpha));
}

UNARY_FROM_X

const struct op op_celu = {
    .name = "Celu",
    .source = "ONNX operators, Celu-12",
    .attr_bytes = sizeof(struct unary),
    .parse = parse,
    .backward_reads = OP_READS_X,
    UNARY_FIELDS,
};
