#pragma once
/* Two operands of one element-by-element operator under numpy's broadcasting, as they are stored.
 * Constants are the same for every sample. */
#include "core/op.h"

enum { BROADCAST_AXES = SHAPE_MAX_RANK + 1 };

/** Loops over the output: axis i has extent[i] steps, by which operand k moves step[k][i] elements
 *  (0 where it is broadcast).  Neighbouring axes that both operands cross alike are one. */
struct broadcast {
  int n;
  int64_t extent[BROADCAST_AXES];
  int64_t step[2][BROADCAST_AXES];
};

/** The broadcast shape of inputs 0 and 1.  Errors: ERR_SHAPE where extents do not agree,
 *  ERR_UNSUPPORTED where the batch would not stay in front. */
MUST_CHECK err broadcast_infer(void *attr, const struct operand *in, int n_in, struct shape *ys);

/** The same of all n_in inputs, at least one of them an activation; whether constants are floats is not
 *  looked at. */
MUST_CHECK err broadcast_infer_all(void *attr, const struct operand *in, int n_in,
                                   struct shape *ys);

struct broadcast broadcast_of(const struct op_site *at);

/** The same for inputs i and j of a node with more of them. */
struct broadcast broadcast_of_inputs(const struct op_site *at, int i, int j);

/** y = a b where `product`, else a + b.  y [output] overwritten; a, b read only.  The y of a sum may be a
 *  where that has the output's shape. */
void broadcast_forward(const struct broadcast *s, bool product, const real *a, const real *b,
                       real *y);

/** dx += sum over what operand `mine` was broadcast along of  dy * other  (dy alone where other is
 *  NULL); such sums are in double.  dy [output] and other, the other operand, read only. */
void broadcast_backward(const struct broadcast *s, int mine, const real *dy, const real *other,
                        real *dx);
