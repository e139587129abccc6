/** @file
 *  The energy-based pointing game. */
#include "core/metric.h"

#include <math.h>

static double run(const struct metric_map *m,
                  double *work) /* NOLINT(readability-non-const-parameter): as the others */
{
  const int64_t n = (int64_t)m->image_height * m->image_width;
  double inside = 0.0, all = 0.0;
  (void)work;
  for (int64_t u = 0; u < n; u++) {
    const double v = m->image[u] > 0.0F ? (double)m->image[u] : 0.0;
    all += v;
    if (m->object[u]) inside += v;
  }
  return all > 0.0 ? inside / all : NAN;
}

const struct metric metric_energy_pointing = {
    .name = "energy_pointing",
    .formula =
        "sum of max(m, 0) on the object / sum of max(m, 0), m the map made as large as the image",
    .range = "0 to 1",
    .better = "higher",
    .ties = "NaN without an object and where no value is positive",
    .traps = "a chance level is the object's share of the image (values/object_share)",
    .source = "Wang et al. 2020, arXiv:1910.01279 (Score-CAM)",
    .needs = METRIC_IMAGE | METRIC_OBJECT,
    .run = run,
};
