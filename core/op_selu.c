/** @file
 *  Selu: y = gamma x for x > 0, gamma alpha (exp(x) - 1) elsewhere; the derivative at 0 is gamma
 *  alpha.  Exponentials are taken in double, as in Elu.  Source: ONNX operator specification,
 *  Selu-6. */
#include "core/unary.h"

#include <math.h>

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  struct unary *a = attr;
  float alpha, gamma;
  TRY(attr_float(list, "alpha", 0x1.ac5afap0F, &alpha)); /* 1.67326319217681884765625 */
  TRY(attr_float(list, "gamma", 0x1.0cfabep0F, &gamma)); /* 1.05070102214813232421875 */
  *a = (struct unary){.alpha = alpha, .beta = gamma};
  return ERR_OK;
}

SIMD_PART real value(real x, const struct unary *a)
{
  return (real)((double)a->beta *
                (x > REAL(0.0) ? (double)x : (double)a->alpha * expm1((double)x)));
}

SIMD_PART real slope(real x, const struct unary *a)
{
  return (real)((double)a->beta * (x > REAL(0.0) ? 1.0 : (double)a->alpha * exp((double)x)));
}

UNARY_FROM_X

const struct op op_selu = {
    .name = "Selu",
    .source = "ONNX operators, Selu-6",
    .attr_bytes = sizeof(struct unary),
    .parse = parse,
    .backward_reads = OP_READS_X,
    UNARY_FIELDS,
};
