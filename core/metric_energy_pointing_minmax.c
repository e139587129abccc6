/** @file
 *  The energy-based pointing game of maps shifted to minimum 0. */
#include "core/metric.h"

#include <math.h>

static double run(const struct metric_map *m,
                  double *work) /* NOLINT(readability-non-const-parameter): as the others */
{
  const int64_t n = (int64_t)m->image_height * m->image_width;
  double inside = 0.0, all = 0.0;
  (void)work;
  float low = m->image[0];
  for (int64_t u = 1; u < n; u++)
    if (m->image[u] < low) low = m->image[u];
  for (int64_t u = 0; u < n; u++) {
    const double v = (double)m->image[u] - (double)low;
    all += v;
    if (m->object[u]) inside += v;
  }
  return all > 0.0 ? inside / all : NAN;
}

const struct metric metric_energy_pointing_minmax = {
    .name = "energy_pointing_minmax",
    .formula = "sum of m - min m on the object / sum of m - min m",
    .range = "0 to 1",
    .better = "higher",
    .ties = "NaN without an object and for constant maps",
    .traps = "negative values count as little, not as nothing: not comparable with energy_pointing",
    .source =
        "Wang et al. 2020, arXiv:1910.01279 (Score-CAM's maps are scaled from minimum to maximum)",
    .needs = METRIC_IMAGE | METRIC_OBJECT,
    .run = run,
};
