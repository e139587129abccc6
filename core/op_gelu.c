/** @file
 *  Gelu: y = x F(x), F the distribution function of the standard normal, or close to it:
 *
 *    none   F(x) = (1 + erf(x / sqrt 2)) / 2
 *    tanh   F(x) = (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
 *
 *  The derivative is F(x) + x F'(x).
 *  Source: ONNX operator specification, Gelu-20; Hendrycks, Gimpel 2016, arXiv:1606.08415. */
#include "core/unary.h"
#include "core/vmath.h"

#include <string.h>

/* The attribute's alpha is 1 for the tanh form, else 0. */
static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct unary *a = attr;
  const char *how;
  (void)opset;
  TRY(attr_string(list, "approximate", "none", &how));
  const bool by_tanh = !strcmp(how, "tanh");
  CHECK(by_tanh || !strcmp(how, "none"), ERR_FORMAT,
        "attribute 'approximate' is '%.40s'; none or tanh is expected", how);
  a->alpha = by_tanh ? REAL(1.0) : REAL(0.0);
  return ERR_OK;
}

/** The tanh of the second form. */
SIMD_PART real bent(real x)
{
  const real root = REAL(0.7978845608028654); /* sqrt(2 / pi) */
  return vmath_tanh(root * (x + REAL(0.044715) * x * x * x));
}

SIMD_PART real value(real x, const struct unary *a)
{
  const real half = REAL(0.5) * x;
  if (a->alpha > REAL(0.0)) return half + half * bent(x);
  return half + half * vmath_erf(x * REAL(0.7071067811865476));
}

SIMD_PART real slope(real x, const struct unary *a)
{
  const real half = REAL(0.5);
  if (a->alpha > REAL(0.0)) {
    const real t = bent(x), root = REAL(0.7978845608028654);
    const real inner = root * (REAL(1.0) + REAL(0.134145) * x * x);
    return half + half * t + half * x * (REAL(1.0) - t * t) * inner;
  }
  const real density = REAL(0.3989422804014327) * vmath_exp(-half * x * x);
  return half + half * vmath_erf(x * REAL(0.7071067811865476)) + x * density;
}

UNARY_FROM_X

const struct op op_gelu = {
    .name = "Gelu",
    .source = "ONNX operators, Gelu-20",
    .attr_bytes = sizeof(struct unary),
    .parse = parse,
    .backward_reads = OP_READS_X,
    UNARY_FIELDS,
};
