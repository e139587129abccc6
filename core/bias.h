#pragma once
/* What a node adds to its output whatever it reads: the biases of FullGrad. */
#include "core/op.h"

/** Whether a node may add something: a weighted operator with a bias, a BatchNormalization, or a sum or
 *  difference with a constant.
 *  Source: METHODS 5.12. */
bool bias_is_there(const struct op *op, const struct op_site *at);

/** Numbers that bias_fill writes: one a channel, or one for each element of a sample. */
int64_t bias_count(const struct op *op, const struct op_site *at);

/** Scratch of bias_fill. */
size_t bias_work_bytes(const struct op *op, const struct op_site *at);

/** b [bias_count] overwritten.  Of a BatchNormalization  beta - mean gamma / sqrt(variance + epsilon).
 *  at: of one sample.  Cannot fail. */
void bias_fill(const struct op *op, const struct op_site *at, void *work, real *b);
