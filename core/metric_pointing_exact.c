/** @file
 *  The pointing game without tolerance. */
#include "core/metric.h"

static double run(const struct metric_map *m,
                  double *work) /* NOLINT(readability-non-const-parameter): as the others */
{
  (void)work;
  return m->object[metric_first_largest(m->point, (int64_t)m->image_height * m->image_width)];
}

const struct metric metric_pointing_exact = {
    .name = "pointing_exact",
    .formula = "1 where that pixel lies on the object; else 0",
    .range = "0 or 1",
    .better = "higher",
    .ties = "as pointing",
    .traps = "as pointing; coarse maps are off by up to half of their stride",
    .source = "Zhang et al. 2016, arXiv:1608.00507, with tolerance 0",
    .needs = METRIC_POINT | METRIC_OBJECT,
    .run = run,
};
