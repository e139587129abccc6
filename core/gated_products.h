#pragma once
/* `run` of an extract whose entries are a function of a and g at the same place. */
#include "core/extract.h"
#include "core/simd.h"

#include <math.h>

/** The five sums of `entry`, an expression in a and g, reals, that gives a double.  Channels are added in
 *  order at every position, so bits do not depend on how positions are grouped. */
#define GATED_PRODUCTS(entry)                                                            \
  SIMD_PART double entry_at(real a, real g)                                              \
  {                                                                                      \
    return entry;                                                                        \
  }                                                                                      \
  SIMD static void run(const struct extract_call *c)                                     \
  {                                                                                      \
    const struct extract_site *at = &c->at;                                              \
    const struct stats *s = c->out;                                                      \
    const int64_t first = (int64_t)c->row * at->width, n = (int64_t)c->rows * at->width; \
    for (int64_t u = 0; u < n; u++) {                                                    \
      s->sum[u] = s->pos2[u] = s->neg2[u] = 0.0;                                         \
      s->max[u] = -(double)INFINITY;                                                     \
      s->min[u] = (double)INFINITY;                                                      \
    }                                                                                    \
    for (int k = 0; k < at->channels; k++) {                                             \
      const real *restrict a = at->a + k * at->stride + first;                           \
      const real *restrict g = at->g + k * at->stride + first;                           \
      for (int64_t u = 0; u < n; u++) {                                                  \
        const double e = entry_at(a[u], g[u]), rounded = (double)(real)e;                \
        const double p = 0.0 > e ? 0.0 : e, m = 0.0 < e ? 0.0 : e;                       \
        s->sum[u] += e;                                                                  \
        s->pos2[u] += p * p;                                                             \
        s->neg2[u] += m * m;                                                             \
        s->max[u] = s->max[u] < rounded ? rounded : s->max[u];                           \
        s->min[u] = s->min[u] > rounded ? rounded : s->min[u];                           \
      }                                                                                  \
    }                                                                                    \
    for (int64_t u = 0; u < n; u++) {                                                    \
      s->max[u] = stats_unless_nan(s->max[u], s->pos2[u]);                               \
      s->min[u] = stats_unless_nan(s->min[u], s->pos2[u]);                               \
    }                                                                                    \
  }
