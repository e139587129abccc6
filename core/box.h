#pragma once
/* A part of a tensor that is regular along every dimension: what Slice and Split take out, what Concat and
 * Pad put in. */
#include "core/op.h"

struct box {
  struct shape whole, part;    /* the same number of dimensions */
  int whole_batch, part_batch; /* samples of an activation, 0 of a constant */
  /* Element i of the part along a dimension is element start + i step of the whole. */
  int64_t start[SHAPE_MAX_RANK], step[SHAPE_MAX_RANK];
};

/** A box of step 1 that begins at 0, both of them activations of a unit. */
struct box box_of(const struct shape *whole, const struct shape *part, int batch);

/** part = whole at the box, or += where `add`. */
void box_take(const struct box *b, const real *whole, bool add, real *part);

/** whole at the box = part, or += where `add`; the rest of it is untouched. */
void box_put(const struct box *b, const real *part, bool add, real *whole);

/** Forward and backward of operators that take a box out of input 0.  Their private attribute begins with
 *  that box, but for the batch. */
void box_forward(const struct op_fwd *c);
void box_backward(const struct op_bwd *c);
