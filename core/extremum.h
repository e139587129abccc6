#pragma once
/* ReduceMax and ReduceMin: the extremum along axes; equal ones share the signal evenly, as PyTorch's amax
 * and amin do. */
#include "core/reduce.h"

size_t extremum_aux_bytes(const struct op_site *at); /* how many are equal, for each output */

/** sign  1: the maximum, -1: the minimum.  A NaN in x makes y one. */
void extremum_forward(const struct op_fwd *c, int sign);
void extremum_backward(const struct op_bwd *c);
