#pragma once
/* Implicit biases: what an operator adds where it is no linear function through the origin,
 *
 *    b = f(x) - f'(x) x,   f'(x) x over all of its activations
 *
 *  so that  sum y g = sum x f'(x) g + sum b g.  Source: Srinivas, Fleuret 2019, arXiv:1905.00780, section 3. */
#include "core/op.h"

/* Where b comes from. */
enum curve {
  CURVE_NONE, /* b is 0, or that of constants (bias.h) */
  CURVE_UNKNOWN, /* operators that mix positions or channels otherwise than linearly: softmax, normalisation by
                       what is seen, products of matrices that are both activations; powers of activations */
  CURVE_CONSTANT,   /* y where y is a constant, else 0: operators that saturate */
  CURVE_PRODUCT,    /* -y: the product of two activations */
  CURVE_QUOTIENT,   /* y: the quotient of two */
  CURVE_RECIPROCAL, /* 2 y: a constant divided by an activation */
  CURVE_FUNCTION    /* y - f'(x) x, element by element, f' by the operator's own backward */
};

/** Which it is where the operator stands. */
enum curve curve_of(const struct op *op, const struct op_site *at);

/** Whether there is a b to be made. */
static inline bool curve_adds(enum curve curve)
{
  return curve > CURVE_UNKNOWN;
}

/** Whether b is made from x, too. */
static inline bool curve_reads_x(enum curve curve)
{
  return curve == CURVE_FUNCTION;
}

/** Bytes of scratch, b included. */
size_t curve_bytes(const struct op *op, const struct op_site *at);

/** One sample's tensors among those of a unit: channel k begins at k * stride. */
struct curve_call {
  const struct op *op;
  const struct op_site *at; /* of any batch */
  int channels;
  int64_t positions, stride;
  const real *x, *y; /* x NULL unless curve_reads_x */
  void *work;        /* [curve_bytes] */
};

/** b [channels][positions], at the beginning of the scratch.  Cannot fail; allocates nothing. */
const real *curve_biases(const struct curve_call *c);
