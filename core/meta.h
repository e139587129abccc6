#pragma once
/* Meta-saliency: a map on the weights that one plain step of gradient descent has left, for this image and
 * target.  First order: nothing is differentiated twice.
 *
 *    w' = w - lr d loss / d w,   loss = cross entropy of softmax(logits) and the target, negated where asked
 *
 *  for every weight and bias of Conv, ConvTranspose, Gemm, MatMul, Add and Mul, the slope of PRelu, and the scale and
 *  bias of normalisations; BatchNormalization's mean and variance stay as they are.
 *  Source: Rebuffi et al. 2020, arXiv:2004.02866; METHODS 1.5. */
#include "core/err.h"
#include "core/use.h"

/** A step with its parameters. */
struct meta_use {
  bool on;
  struct use with;
};

extern const struct param meta_params[];
extern const char meta_name[], meta_formula[], meta_source[], meta_of[];
extern const char meta_cost[], meta_limits[]; /* passes, for people; what it is known not to show */

/** Read "meta" or "meta(lr=0.001)".  Errors: ERR_USAGE. */
MUST_CHECK err meta_parse(const char *text, struct meta_use *out);

/** Both take the same step. */
bool meta_same(const struct meta_use *a, const struct meta_use *b);

/** What a gradient is multiplied by before it is taken off: lr, or -lr. */
double meta_rate(const struct meta_use *m);
