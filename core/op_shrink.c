/** @file
 *  Shrink: y = x + bias below -lambd, x - bias above lambd, 0 between; derivative 1 outside, 0 between.
 *  Source: ONNX operator specification, Shrink-9. */
#include "core/unary.h"

/* The attribute's alpha is lambd, its beta is bias. */
static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct unary *a = attr;
  float lambd, bias;
  (void)opset;
  TRY(attr_float(list, "lambd", 0.5F, &lambd));
  TRY(attr_float(list, "bias", 0.0F, &bias));
  *a = (struct unary){.alpha = lambd, .beta = bias};
  return ERR_OK;
}

SIMD_PART real value(real x, const struct unary *a)
{
  const real above = x > a->alpha ? x - a->beta : REAL(0.0);
  return x < -a->alpha ? x + a->beta : above;
}

SIMD_PART real slope(real x, const struct unary *a)
{
  return x < -a->alpha || x > a->alpha ? REAL(1.0) : REAL(0.0);
}

UNARY_FROM_X

const struct op op_shrink = {
    .name = "Shrink",
    .source = "ONNX operators, Shrink-9",
    .attr_bytes = sizeof(struct unary),
    .parse = parse,
    .backward_reads = OP_READS_X,
    UNARY_FIELDS,
};
