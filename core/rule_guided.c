/** @file
 *  Guided backpropagation:  dx += f'(x) * max(dy, 0)  at every rectifier f.
 *
 *  For Relu that is dy * [x > 0] * [dy > 0].  Clip(0, 6), LeakyRelu and Elu are treated alike, so
 *  that a network without plain Relu does not silently get the plain gradient. */
#include "core/rectifier.h"
#include "core/rule.h"
#include "core/simd.h"

#include <string.h>

static size_t work_bytes(const struct op_site *at)
{
  return (size_t)shape_count(&at->ys) * (size_t)at->batch * sizeof(real);
}

/* to may be from, element by element: no iteration reads what another one wrote. */
SIMD static void positive_part(const real *from, int64_t n, real *to)
{
  SIMD_INDEPENDENT
  for (int64_t i = 0; i < n; i++) to[i] = from[i] <= REAL(0.0) ? REAL(0.0) : from[i];
}

/** Hand the positive part of the signal to the operator's own backward: through dx where that is set
 *  and the operator works in place, else through the scratch. */
static void guide(const struct op_bwd *c, const struct op *op)
{
  const bool through_dx = op_sets(c, 0) && op->in_place & OP_IN_PLACE_BACKWARD;
  real *positive = through_dx ? c->dx[0] : c->work;
  struct op_bwd with = *c;

  const int64_t n = shape_count(&c->at->ys) * c->at->batch;
  if (!c->dx[0]) return;
  positive_part(c->dy, n, positive);
  if (op_sets(c, 0) && !op->can_set) memset(c->dx[0], 0, (size_t)n * sizeof *positive);
  with.dy = positive;
  op->backward(&with);
}

#define RECTIFIER(type, name)              \
  extern const struct op op_##name;        \
  static void name(const struct op_bwd *c) \
  {                                        \
    guide(c, &op_##name);                  \
  }
RECTIFIER_LIST(RECTIFIER)
#undef RECTIFIER

static const struct override overrides[] = {
#define RECTIFIER(type, name) \
  {.op = (type),              \
   .backward = (name),        \
   .reads = OP_READS_OWN,     \
   .can_set = true,           \
   .work_bytes = work_bytes},
    RECTIFIER_LIST(RECTIFIER)
#undef RECTIFIER
        {0},
};

const struct rule rule_guided = {
    .name = "guided",
    .formula = "at a rectifier f: dx = f'(x) max(dy, 0)",
    .source = "Springenberg et al. 2014, arXiv:1412.6806, fig. 1",
    .overrides = overrides,
};
