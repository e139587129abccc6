/** @file
 *  Guided backpropagation:  dx += f'(x) * max(dy, 0)  at every rectifier f.
 *
 *  For Relu that is dy * [x > 0] * [dy > 0].  Clip(0, 6), LeakyRelu and Elu are treated alike, so
 *  that a network without plain Relu does not silently get the plain gradient. */
#include "core/rectifier.h"
#include "core/rule.h"

static size_t work_bytes(const struct op_site *at)
{
  return (size_t)shape_count(&at->ys) * (size_t)at->batch * sizeof(real);
}

/** Hand the positive part of the signal to the operator's own backward. */
static void positive_part(const struct op_bwd *c, const struct op *op)
{
  const int64_t n = shape_count(&c->at->ys) * c->at->batch;
  const real *restrict dy = c->dy;
  real *restrict positive = c->work;

  for (int64_t i = 0; i < n; i++) positive[i] = dy[i] <= REAL(0.0) ? REAL(0.0) : dy[i];
  struct op_bwd with = *c;
  with.dy = positive;
  op->backward(&with);
}

#define RECTIFIER(type, name, reads)           \
  extern const struct op op_##name;            \
  static void name(const struct op_bwd *c)     \
  {                                            \
    positive_part(c, &op_##name);              \
  }
RECTIFIER_LIST(RECTIFIER)
#undef RECTIFIER

static const struct override overrides[] = {
#define RECTIFIER(type, name, reads) {(type), name, reads, work_bytes},
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
