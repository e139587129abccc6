/** @file
 *  Deconvnet:  dx += max(dy, 0)  at every rectifier, whatever its forward sign was.
 *  Max pooling goes back through its switches, as everywhere. */
#include "core/rectifier.h"
#include "core/rule.h"

static void positive_signal(const struct op_bwd *c)
{
  const int64_t n = shape_count(&c->at->ys) * c->at->batch;
  const real *restrict dy = c->dy;
  real *restrict dx = c->dx[0];

  for (int64_t i = 0; i < n; i++) dx[i] += dy[i] <= REAL(0.0) ? REAL(0.0) : dy[i];
}

static const struct override overrides[] = {
#define RECTIFIER(type, name, reads) {(type), positive_signal, 0, NULL},
    RECTIFIER_LIST(RECTIFIER)
#undef RECTIFIER
    {0},
};

const struct rule rule_deconvnet = {
    .name = "deconvnet",
    .formula = "at a rectifier: dx = max(dy, 0)",
    .source = "Zeiler, Fergus 2013, arXiv:1311.2901, section 2.1",
    .overrides = overrides,
};
