#pragma once
/* What operators ask of their operands and of their output's shape when the graph is built.
 * Messages say "input i"; the graph puts the node's name in front. */
#include "core/op.h"

/** An activation of any shape.  Errors: ERR_FORMAT when it is absent, ERR_UNSUPPORTED for a constant. */
MUST_CHECK err operand_tensor(const struct operand *in, int i);

/** An activation [1, d1, ...] with at least two dimensions.
 *  Errors: as above; ERR_UNSUPPORTED when it has no batch in front. */
MUST_CHECK err operand_activation(const struct operand *in, int i);

/** An activation or a constant of floats, of any shape.  Errors: ERR_FORMAT. */
MUST_CHECK err operand_numbers(const struct operand *in, int i);

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

/** An axis of a tensor with `rank` dimensions, counted from the end when negative.
 *  *out in 0..rank-1.  Errors: ERR_FORMAT out of range. */
MUST_CHECK err operand_any_axis(int64_t axis, int rank, int *out);

/** An axis of an activation, counted from the end when negative, and not the batch: not dimension 0
 *  where that has extent 1.  Errors: ERR_FORMAT out of range, ERR_UNSUPPORTED the batch. */
MUST_CHECK err operand_axis(int64_t axis, const struct shape *s, int *out);

/** Distances in memory between the elements of an operand (shape.h). */
struct shape_steps operand_steps(const struct operand *in, int batch);

/** At most SHAPE_MAX_RANK dimensions, every extent is positive and one sample has fewer than 2^31
 *  elements.  Errors: ERR_UNSUPPORTED, ERR_SHAPE. */
MUST_CHECK err operand_result(const struct shape *ys);
