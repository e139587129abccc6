/** @file
 *  Relevance mass accuracy. */
#include "core/metric.h"

#include <math.h>

static double run(const struct metric_map *m,
                  double *work) /* NOLINT(readability-non-const-parameter): as the others */
{
  const int64_t n = (int64_t)m->image_height * m->image_width;
  double inside = 0.0, all = 0.0;
  (void)work;
  for (int64_t u = 0; u < n; u++) {
    const double v = fabs((double)m->image[u]);
    all += v;
    if (m->object[u]) inside += v;
  }
  return all > 0.0 ? inside / all : NAN;
}

const struct metric metric_relevance_mass = {
    .name = "relevance_mass",
    .formula = "sum of |m| on the object / sum of |m|",
    .range = "0 to 1",
    .better = "higher",
    .ties = "NaN without an object and for maps that are 0",
    .traps = "evidence against the class counts as evidence",
    .source = "Arras, Osman, Samek 2022, arXiv:2003.07258 (relevance mass accuracy)",
    .needs = METRIC_IMAGE | METRIC_OBJECT,
    .run = run,
};
