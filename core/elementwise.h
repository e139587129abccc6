#pragma once
/* What operators share whose output element i depends on input element i alone. */
#include "core/op.h"

/** Elements of the output over the whole unit. */
static inline int64_t elementwise_count(const struct op_site *at)
{
  return shape_count(&at->ys) * at->batch;
}

/** The output has the shape of input 0, an activation. */
MUST_CHECK err elementwise_infer(void *attr, const struct operand *in, int n_in, struct shape *ys);

/** y = x; nothing to do where y lies on x. */
void elementwise_copy(const struct op_fwd *c);

/** dx (+)= dy; nothing to do where dx is set and lies on dy. */
void elementwise_pass(const struct op_bwd *c);

/** dx[i] = scale * dy[i] where `set`, dx[i] += that elsewhere; n elements; dx may be dy where set. */
void elementwise_scale(const real *dy, real scale, int64_t n, bool set, real *dx);
