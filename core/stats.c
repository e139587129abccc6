/** @file
 *  The five sums over the entries of an extract. */
#include "core/stats.h"

#include "core/simd.h"

#include <math.h>

void stats_begin(const struct stats *s, int64_t first, int n)
{
  for (int64_t u = first; u < first + n; u++) {
    s->sum[u] = s->pos2[u] = s->neg2[u] = 0.0;
    s->max[u] = -INFINITY;
    s->min[u] = INFINITY;
  }
}

/* Clones of a function that other files see are not vectorised by gcc 12, so the loops are here. */
SIMD static void take(const double *restrict v, int n, double *restrict sum, double *restrict max,
                      double *restrict min, double *restrict pos2, double *restrict neg2)
{
  for (int u = 0; u < n; u++) {
    const double x = v[u], high = max[u], low = min[u];
    const double p = x <= 0.0 ? 0.0 : x, m = x >= 0.0 ? 0.0 : x;
    sum[u] += x;
    max[u] = stats_larger(high, x);
    min[u] = stats_smaller(low, x);
    pos2[u] += p * p;
    neg2[u] += m * m;
  }
}

void stats_add(const struct stats *s, int64_t first, int n, const double *gamma)
{
  take(gamma, n, s->sum + first, s->max + first, s->min + first, s->pos2 + first, s->neg2 + first);
}

void stats_of_channels(const real *v, int channels, int64_t positions, int64_t stride,
                       const struct stats *s)
{
  double gamma[STATS_BLOCK];
  for (int64_t first = 0; first < positions; first += STATS_BLOCK) {
    const int n = positions - first < STATS_BLOCK ? (int)(positions - first) : STATS_BLOCK;
    stats_begin(s, first, n);
    for (int k = 0; k < channels; k++) {
      const real *restrict row = v + k * stride + first;
      for (int u = 0; u < n; u++) gamma[u] = (double)row[u];
      stats_add(s, first, n, gamma);
    }
  }
}

SIMD static void multiply(const struct stats *x, const struct stats *g, int64_t n,
                          const struct stats *s)
{
  SIMD_INDEPENDENT /* the planes of x, g and s do not overlap */
      for (int64_t u = 0; u < n; u++)
  {
    const double a = x->max[u] * g->max[u], b = x->max[u] * g->min[u];
    const double c = x->min[u] * g->max[u], d = x->min[u] * g->min[u];
    s->sum[u] = x->sum[u] * g->sum[u];
    s->max[u] = stats_larger(stats_larger(a, b), stats_larger(c, d));
    s->min[u] = stats_smaller(stats_smaller(a, b), stats_smaller(c, d));
    s->pos2[u] = x->pos2[u] * g->pos2[u] + x->neg2[u] * g->neg2[u];
    s->neg2[u] = x->pos2[u] * g->neg2[u] + x->neg2[u] * g->pos2[u];
  }
}

void stats_of_outer_product(const struct stats *x, const struct stats *g, int64_t n,
                            const struct stats *s)
{
  multiply(x, g, n, s);
}

struct stats stats_at(double *memory, int64_t n)
{
  return (struct stats){memory, memory + n, memory + 2 * n, memory + 3 * n, memory + 4 * n};
}
