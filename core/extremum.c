/** @file
 *  Extrema along axes. */
#include "core/extremum.h"

#include "core/elementwise.h"

#include <math.h>

size_t extremum_aux_bytes(const struct op_site *at)
{
  return (size_t)elementwise_count(at) * sizeof(real);
}

static double larger(double v, double best)
{
  return v > best || isnan(v) ? v : best;
}

static double one(const real *x, int64_t n, double before)
{
  for (int64_t i = 0; i < n; i++) before = larger((double)x[i], before);
  return before;
}

static void each(const real *x, int64_t n, double *acc, int64_t step)
{
  for (int64_t i = 0; i < n; i++) acc[i * step] = larger((double)x[i], acc[i * step]);
}

static double one_least(const real *x, int64_t n, double before)
{
  for (int64_t i = 0; i < n; i++) before = -larger(-(double)x[i], -before);
  return before;
}

static void each_least(const real *x, int64_t n, double *acc, int64_t step)
{
  for (int64_t i = 0; i < n; i++) acc[i * step] = -larger(-(double)x[i], -acc[i * step]);
}

static const struct reduce_rows most = {.start = -INFINITY, .one = one, .each = each};
static const struct reduce_rows least = {.start = INFINITY, .one = one_least, .each = each_least};

/** How many elements are equal to their extremum. */
static void count_equal(const struct op_fwd *c)
{
  const struct nest s = reduce_nest(c->at);
  const int last = s.n - 1;
  real *count = c->aux;
  for (int64_t i = 0; i < elementwise_count(c->at); i++) count[i] = REAL(0.0);
  struct nest_walk w = nest_begin(&s, 1);
  do {
    for (int64_t i = 0; i < s.extent[last]; i++) {
      const int64_t to = w.at[1] + i * s.step[1][last];
      count[to] += c->x[0][w.at[0] + i] == c->y[to] ? REAL(1.0) : REAL(0.0);
    }
  } while (nest_next(&w));
}

void extremum_forward(const struct op_fwd *c, int sign)
{
  reduce_forward(c, sign > 0 ? &most : &least);
  count_equal(c);
}

void extremum_backward(const struct op_bwd *c)
{
  const struct nest s = reduce_nest(c->at);
  const int last = s.n - 1;
  const real *count = c->aux;
  struct nest_walk w = nest_begin(&s, 1);
  if (!c->dx[0]) return;
  do {
    for (int64_t i = 0; i < s.extent[last]; i++) {
      const int64_t from = w.at[0] + i, to = w.at[1] + i * s.step[1][last];
      const real d = c->x[0][from] == c->y[to] ? c->dy[to] / count[to] : REAL(0.0);
      c->dx[0][from] = op_sets(c, 0) ? d : c->dx[0][from] + d;
    }
  } while (nest_next(&w));
}
