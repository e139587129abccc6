/** @file
 *  Naive functions of one number. */
#include "ref_impl.h"

#include <math.h>

typedef long double wide;
typedef wide function(wide x, wide p, wide q);

/** y = f(x, p, q) for every element, with `terms` roundings of numbers as large as size(x, p, q), which is
 *  the result where it is NULL. */
static void map(struct ref_call *c, function *f, wide p, wide q, int terms, function *size)
{
  ref_like_input(c);
  c->terms = terms;
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    const wide x = (wide)c->in[0].v[i];
    c->y.v[i] = (double)f(x, p, q);
    c->scale[i] = !terms ? 0.0 : size ? (double)size(x, p, q) : fabs(c->y.v[i]);
  }
}

#define FUNCTION(name, expression)                \
  static wide name(wide x, wide p, wide q)        \
  {                                               \
    return (void)x, (void)p, (void)q, expression; \
  }

FUNCTION(same, x)
FUNCTION(leaky, x < 0 ? p * x : x)
FUNCTION(clamp, fminl(fmaxl(x, p), q))
FUNCTION(elu, x > 0 ? x : p * (expl(x) - 1))
FUNCTION(absolute, fabsl(x))
FUNCTION(sine, sinl(x))
FUNCTION(cosine, cosl(x))
FUNCTION(tangent, tanl(x))
FUNCTION(arc_tangent, atanl(x))
FUNCTION(hyperbolic_sine, sinhl(x))
FUNCTION(hyperbolic_cosine, coshl(x))
FUNCTION(area_sine, asinhl(x))
FUNCTION(shrink, x<-p ? x + q : x> p ? x - q : 0)
FUNCTION(celu, fmaxl(0, x) + fminl(0, p *expm1l(x / p)))
FUNCTION(error, erfl(x))
FUNCTION(exponential, expl(x))
FUNCTION(logarithm, logl(x))
FUNCTION(negative, -x)
FUNCTION(inverse, 1 / x)
FUNCTION(selu, q *(x > 0 ? x : p * expm1l(x)))
FUNCTION(sigmoid, 1 / (1 + expl(-x)))
FUNCTION(swish, x / (1 + expl(-p * x)))
FUNCTION(swish_size, fabsl(swish(x, p, 0)) * (1 + fabsl(p * x)))
FUNCTION(softplus, logl(expl(x) + 1))
FUNCTION(softsign, x / (1 + fabsl(x)))
FUNCTION(root, sqrtl(x))
FUNCTION(hyperbolic, tanhl(x))
FUNCTION(thresholded, x > p ? x : 0)
FUNCTION(mish, x *tanhl(logl(1 + expl(x))))
FUNCTION(hard_sigmoid, fmaxl(0, fminl(1, p *x + q)))
FUNCTION(hard_sigmoid_size, fabsl(p *x) + fabsl(q))
FUNCTION(hard_swish, x *fmaxl(0, fminl(1, x / 6 + 0.5L)))
FUNCTION(hard_swish_size, fabsl(x) * (fabsl(x) / 6 + 0.5L))
FUNCTION(gelu, x *erfcl(-x / sqrtl(2)) / 2)
FUNCTION(gelu_tanh, x *(1 + tanhl(sqrtl(2 / acosl(-1)) * (x + 0.044715L * x * x * x))) / 2)
FUNCTION(size_of_x, fabsl(x))

void ref_identity(struct ref_call *c)
{
  map(c, same, 0, 0, 0, NULL);
}
void ref_relu(struct ref_call *c)
{
  map(c, clamp, 0, INFINITY, 0, NULL);
}
void ref_leaky(struct ref_call *c)
{
  map(c, leaky, (wide)ref_float(c, "alpha", (double)0.01F), 0, 1, NULL);
}
void ref_abs(struct ref_call *c)
{
  map(c, absolute, 0, 0, 0, NULL);
}
void ref_neg(struct ref_call *c)
{
  map(c, negative, 0, 0, 0, NULL);
}
void ref_thresholded(struct ref_call *c)
{
  map(c, thresholded, (wide)ref_float(c, "alpha", 1.0), 0, 0, NULL);
}

void ref_clip(struct ref_call *c)
{
  const double lo = c->opset < 11     ? ref_float(c, "min", -INFINITY)
                    : ref_given(c, 1) ? c->in[1].v[0]
                                      : -INFINITY;
  const double hi = c->opset < 11     ? ref_float(c, "max", INFINITY)
                    : ref_given(c, 2) ? c->in[2].v[0]
                                      : INFINITY;
  map(c, clamp, (wide)lo, (wide)hi, 0, NULL);
}

/* What is taken in double and rounded once; the library is good to about one unit in the last place, which
 * is two roundings, and a product or a sum adds one. */
void ref_elu(struct ref_call *c)
{
  map(c, elu, (wide)ref_float(c, "alpha", 1.0), 0, 4, NULL);
}
void ref_celu(struct ref_call *c)
{
  map(c, celu, (wide)ref_float(c, "alpha", 1.0), 0, 6, NULL);
}
void ref_selu(struct ref_call *c)
{
  const double alpha = ref_float(c, "alpha", (double)1.67326319217681884765625F);
  map(c, selu, (wide)alpha, (wide)ref_float(c, "gamma", (double)1.05070102214813232421875F), 6,
      NULL);
}
void ref_log(struct ref_call *c)
{
  map(c, logarithm, 0, 0, 4, NULL);
}
void ref_softplus(struct ref_call *c)
{
  map(c, softplus, 0, 0, 6, NULL);
}
void ref_mish(struct ref_call *c)
{
  map(c, mish, 0, 0, 12, NULL);
}
void ref_sqrt(struct ref_call *c)
{
  map(c, root, 0, 0, 2, NULL);
}
void ref_reciprocal(struct ref_call *c)
{
  map(c, inverse, 0, 0, 2, NULL);
}
void ref_sin(struct ref_call *c)
{
  map(c, sine, 0, 0, 3, NULL);
}
void ref_cos(struct ref_call *c)
{
  map(c, cosine, 0, 0, 3, NULL);
}
void ref_tan(struct ref_call *c)
{
  map(c, tangent, 0, 0, 3, NULL);
}
void ref_atan(struct ref_call *c)
{
  map(c, arc_tangent, 0, 0, 3, NULL);
}
void ref_sinh(struct ref_call *c)
{
  map(c, hyperbolic_sine, 0, 0, 3, NULL);
}
void ref_cosh(struct ref_call *c)
{
  map(c, hyperbolic_cosine, 0, 0, 3, NULL);
}
void ref_asinh(struct ref_call *c)
{
  map(c, area_sine, 0, 0, 3, NULL);
}
void ref_shrink(struct ref_call *c)
{
  map(c, shrink, (wide)ref_float(c, "lambd", 0.5), (wide)ref_float(c, "bias", 0.0), 1, NULL);
}
void ref_softsign(struct ref_call *c)
{
  map(c, softsign, 0, 0, 3, NULL);
}

/* Units in the last place that test_core_vmath.c allows, twice. */
void ref_exp(struct ref_call *c)
{
  map(c, exponential, 0, 0, 2, NULL);
}
void ref_tanh(struct ref_call *c)
{
  map(c, hyperbolic, 0, 0, 4, NULL);
}
void ref_erf(struct ref_call *c)
{
  map(c, error, 0, 0, 5, NULL);
}
void ref_sigmoid(struct ref_call *c)
{
  map(c, sigmoid, 0, 0, 5, NULL);
}

void ref_swish(struct ref_call *c)
{
  map(c, swish, (wide)ref_float(c, "alpha", 1.0), 0, 9, swish_size);
}

void ref_hard_sigmoid(struct ref_call *c)
{
  const double alpha = ref_float(c, "alpha", (double)0.2F), beta = ref_float(c, "beta", 0.5);
  map(c, hard_sigmoid, (wide)alpha, (wide)beta, 2, hard_sigmoid_size);
}
void ref_hard_swish(struct ref_call *c)
{
  map(c, hard_swish, 0, 0, 3, hard_swish_size);
}

/* The bracket is at most 2 and halved: its error is at most that of the function (5 and 4 roundings, and
 * as many of its argument as it has factors, which z f'(z) < 0.5 f shrinks), of the sum and of x / 2 times it. */
void ref_gelu(struct ref_call *c)
{
  const struct attr *how = attr_find(c->attrs, "approximate");
  map(c, how && *how->s == 't' ? gelu_tanh : gelu, 0, 0, 10, size_of_x);
}
