#pragma once
/* What operators of any number of inputs, all broadcast to one shape, share: Sum, Mean, Max, Min. */
#include "core/binary.h"

MUST_CHECK err several_infer(void *attr, const struct operand *in, int n_in, struct shape *ys);

/** y = x[0], then y = f(y, x[i]) for every other input. */
void several_fold(const struct op_fwd *c, binary_row *f);

/** Scratch of several_share. */
size_t several_work_bytes(const struct op_site *at);

/** Backward of Max and Min: the inputs that are equal to y share the signal evenly. */
void several_share(const struct op_bwd *c);

/** The fields that Max and Min have alike. */
#define SEVERAL_SHARE_FIELDS                                                           \
  .min_in = 1, .max_in = -1, .infer = several_infer, .work_bytes = several_work_bytes, \
  .forward = forward, .backward = several_share, .backward_reads = OP_READS_X | OP_READS_Y
