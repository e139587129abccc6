/** @file
 *  Deconvnet:  dx += max(dy, 0)  at every rectifier, whatever its forward sign was.
 *  Max pooling goes back through its switches, as everywhere. */
#include "core/rectifier.h"
#include "core/rule.h"
#include "core/simd.h"

/* dx may be dy, element by element: no iteration reads what another one wrote. */
SIMD static void set(const real *dy, int64_t n, real *dx)
{
  SIMD_INDEPENDENT
  for (int64_t i = 0; i < n; i++) dx[i] = dy[i] <= REAL(0.0) ? REAL(0.0) : dy[i];
}

SIMD static void add(const real *restrict dy, int64_t n, real *restrict dx)
{
  for (int64_t i = 0; i < n; i++) dx[i] += dy[i] <= REAL(0.0) ? REAL(0.0) : dy[i];
}

static void positive_signal(const struct op_bwd *c)
{
  const int64_t n = shape_count(&c->at->ys) * c->at->batch;
  if (!c->dx[0]) return;
  if (op_sets(c, 0)) {
    set(c->dy, n, c->dx[0]);
  } else {
    add(c->dy, n, c->dx[0]);
  }
}

static const struct override overrides[] = {
#define RECTIFIER(type) {.op = (type), .backward = positive_signal, .can_set = true},
    RECTIFIER_LIST(RECTIFIER)
#undef RECTIFIER
        {0},
};

const struct rule rule_deconvnet = {
    .name = "deconvnet",
    .formula = "at a rectifier: dx = max(dy, 0)",
    .limits = "the class and the weights",
    .source = "Zeiler, Fergus 2013, arXiv:1311.2901, section 2.1",
    .overrides = overrides,
};
