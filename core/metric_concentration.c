/** @file
 *  Concentration: the Gini index. */
#include "core/metric.h"
#include "core/sort.h"

#include <math.h>

static size_t work_doubles(const struct metric_map *m)
{
  const int64_t n = (int64_t)m->height * m->width;
  return (size_t)(2 * n) + sort_work_doubles(n);
}

static double run(const struct metric_map *m, double *work)
{
  const int64_t n = (int64_t)m->height * m->width;
  int32_t *order = (int32_t *)(work + n);
  double all = 0.0, sum = 0.0;
  for (int64_t u = 0; u < n; u++) work[u] = fabs((double)m->map[u]);
  sort_order(work, n, order, work + 2 * n);
  for (int64_t i = 0; i < n; i++) {
    all += work[order[i]];
    sum += (double)(2 * (i + 1) - n - 1) * work[order[i]];
  }
  return all > 0.0 ? sum / ((double)n * all) : NAN;
}

const struct metric metric_concentration = {
    .name = "concentration",
    .formula =
        "Gini index of |m|: sum_i (2 i - n - 1) |m|_(i) / (n sum |m|), |m|_(i) the i-th smallest "
        "of n",
    .range = "0 (constant) to 1 - 1/n (one position)",
    .better = "neither: higher is more concentrated",
    .ties = "equal values may come in any order.  NaN for maps that are 0",
    .traps = "taken at the map's own resolution",
    .source = "Chalasani et al. 2020, arXiv:1810.06583; Hurley, Rickard 2009, arXiv:0811.4706",
    .work_doubles = work_doubles,
    .run = run,
};
