#pragma once
/* Flatten, Reshape, Squeeze and Unsqueeze: the same numbers of a sample in the same logical order, stored
 * for another number of positions a channel (shape.h: [channel][batch][position]). */
#include "core/op.h"

/** *ys must hold as many elements a sample as x.  Errors: ERR_SHAPE. */
MUST_CHECK err relayout_check(const struct shape *x, const struct shape *ys);

/** y = x, moved from the layout of input 0 to that of the output. */
void relayout_forward(const struct op_fwd *c);

/** dx (+)= dy, moved back. */
void relayout_backward(const struct op_bwd *c);
