#pragma once
/* Groups of elements that belong together along an axis, as they are stored: what Softmax makes one of,
 * what a normalisation takes the mean of. */
#include "core/op.h"

/** Offset of an element:  o outer_step + i inner_step + a a_step + b,  with (o, i) naming the group and
 *  (a, b) the element; a counts along the axis where that is the outermost one in memory. */
struct groups {
  int64_t outer, outer_step, inner, inner_step;
  int64_t a, a_step, b;
};

/** Groups along one axis of an activation, or over all dimensions from the axis on. */
struct groups groups_along(const struct shape *s, int batch, int axis, bool to_the_end);

static inline int64_t groups_size(const struct groups *g)
{
  return g->a * g->b;
}

static inline int64_t groups_count(const struct groups *g)
{
  return g->outer * g->inner;
}

/** Where group k begins. */
static inline int64_t groups_at(const struct groups *g, int64_t k)
{
  return k / g->inner * g->outer_step + k % g->inner * g->inner_step;
}
