/** @file
 *  Every aggregate, each a function of the five sums. */
#include "core/aggregate.h"

#include "core/simd.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

SIMD static void sum(const struct stats *s, int64_t n, float *map)
{
  for (int64_t u = 0; u < n; u++) map[u] = (float)s->sum[u];
}

SIMD static void max(const struct stats *s, int64_t n, float *map)
{
  for (int64_t u = 0; u < n; u++) map[u] = (float)s->max[u];
}

SIMD static void maxabs(const struct stats *s, int64_t n, float *map)
{
  for (int64_t u = 0; u < n; u++) map[u] = (float)(s->max[u] < -s->min[u] ? -s->min[u] : s->max[u]);
}

SIMD static void norm(const struct stats *s, int64_t n, float *map)
{
  for (int64_t u = 0; u < n; u++) map[u] = (float)sqrt(s->pos2[u] + s->neg2[u]);
}

SIMD static void filter_norm(const struct stats *s, int64_t n, float *map)
{
  for (int64_t u = 0; u < n; u++) map[u] = (float)sqrt(s->pos2[u]);
}

SIMD static void relu_sum(const struct stats *s, int64_t n, float *map)
{
  for (int64_t u = 0; u < n; u++) map[u] = s->sum[u] <= 0.0 ? 0.0F : (float)s->sum[u];
}

const struct aggregate aggregate_all[] = {
    {"sum", "sum_i gamma_i", true, STATS_SUM, sum},
    {"max", "max_i gamma_i (signed)", true, STATS_MAX, max},
    {"norm", "sqrt(sum_i gamma_i^2)", false, STATS_POS2 | STATS_NEG2, norm},
    {"filter_norm", "sqrt(sum_i max(gamma_i, 0)^2)", false, STATS_POS2, filter_norm},
    {"maxabs", "max_i |gamma_i|", false, STATS_MAX | STATS_MIN, maxabs},
    {"relu_sum", "max(sum_i gamma_i, 0)", false, STATS_SUM, relu_sum},
    {0},
};

const struct aggregate *aggregate_find(const char *name)
{
  for (const struct aggregate *a = aggregate_all; a->name; a++)
    if (!strcmp(a->name, name)) return a;
  return NULL;
}
