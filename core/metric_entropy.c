/** @file
 *  Entropy of a map as a distribution over positions. */
#include "core/math64.h"
#include "core/metric.h"

#include <math.h>

static double run(const struct metric_map *m,
                  double *work) /* NOLINT(readability-non-const-parameter): as the others */
{
  const int64_t n = (int64_t)m->height * m->width;
  double all = 0.0, sum = 0.0;
  (void)work;
  for (int64_t u = 0; u < n; u++) all += fabs((double)m->map[u]);
  if (!(all > 0.0) || n < 2) return NAN;
  for (int64_t u = 0; u < n; u++) {
    const double p = fabs((double)m->map[u]) / all;
    if (p > 0.0) sum -= p * math64_log(p);
  }
  return sum / math64_log((double)n);
}

const struct metric metric_entropy = {
    .name = "entropy",
    .formula = "-sum_u p_u log p_u / log n, p = |m| / sum |m|, n positions",
    .range = "0 (one position) to 1 (constant)",
    .better = "neither: lower is more concentrated",
    .ties = "NaN for maps that are 0 and for one pixel",
    .traps = "taken at the map's own resolution",
    .source = "Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x",
    .run = run,
};
