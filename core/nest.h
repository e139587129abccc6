#pragma once
/* Nested loops over several arrays at once, each with its own step along every axis: how operators go
 * through operands whose elements lie in different orders (shape.h). */
#include "core/op.h"

enum { NEST_AXES = SHAPE_MAX_RANK + 2, NEST_ARRAYS = 4 };

struct nest {
  int n; /* axes, outermost first */
  int64_t extent[NEST_AXES];
  int64_t step[NEST_ARRAYS]
              [NEST_AXES]; /* elements that array k moves by along an axis; 0: stands still */
};

/** One more axis; step [NEST_ARRAYS]. */
void nest_add(struct nest *s, int64_t extent, const int64_t *step);

/** Arrays 0 and 1 change places. */
void nest_swap(struct nest *s);

/** Sort the axes so that array `lead` is passed in the order of its memory, drop those of extent 1,
 *  and make one of neighbours that all arrays cross alike.  At least one axis is left. */
void nest_settle(struct nest *s, int lead);

/** Loops over a node's output: array 0 is the output, arrays 1.. the inputs `input` [ended by -1], each
 *  broadcast to it.  Settled with lead 0, along whose innermost axis it has step 1. */
struct nest nest_of_output(const struct op_site *at, const int *input);

/** The same over the output's first `rank` dimensions, with the inputs' dimensions but as many of their last
 *  ones as the output has more.  Not settled. */
struct nest nest_of_front(const struct op_site *at, const int *input, int rank);

/** Where the arrays are in the loops over all axes but the `skip` innermost. */
struct nest_walk {
  const struct nest *s;
  int depth;
  int64_t index[NEST_AXES];
  int64_t at[NEST_ARRAYS];
};

struct nest_walk nest_begin(const struct nest *s, int skip);

/** Go to the next place; false after the last. */
bool nest_next(struct nest_walk *w);

/** to = from where `add` is not set, else to += from.  Array 0 is `to`, which is written once at each
 *  place, array 1 `from`; settled with lead 0. */
void nest_copy(const struct nest *s, const real *from, bool add, real *to);
