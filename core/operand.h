#pragma once
/* What operators ask of their operands and of their output's shape when the graph is built.
 * Messages say "input i"; the graph puts the node's name in front. */
#include "core/op.h"

/** An activation [1, d1, ...] with at least two dimensions.
 *  Errors: ERR_UNSUPPORTED when it is absent, a constant, or has no batch in front. */
MUST_CHECK err operand_activation(const struct operand *in, int i);

/** A constant of floats, of any shape.  Errors: ERR_UNSUPPORTED, ERR_FORMAT. */
MUST_CHECK err operand_floats(const struct operand *in, int i);

/** A constant vector of n floats.  Errors: as above; ERR_SHAPE when it is no vector of n. */
MUST_CHECK err operand_vector(const struct operand *in, int i, int n);

/** A constant of one float.  *out: its value. */
MUST_CHECK err operand_scalar(const struct operand *in, int i, real *out);

/** A constant vector of at most `max` integers.  *n: how many; *out: they, not owned. */
MUST_CHECK err operand_ints(const struct operand *in, int i, int max, int *n, const int64_t **out);

/** Input i was given: within n_in and present. */
bool operand_given(const struct operand *in, int n_in, int i);

/** An axis of a tensor with `rank` dimensions, counted from the end when negative, and not the
 *  batch.  *out in 1..rank-1.  Errors: ERR_FORMAT out of range, ERR_UNSUPPORTED the batch. */
MUST_CHECK err operand_axis(int64_t axis, int rank, int *out);

/** Every extent is positive and one sample has fewer than 2^31 elements.  Errors: ERR_SHAPE. */
MUST_CHECK err operand_result(const struct shape *ys);
