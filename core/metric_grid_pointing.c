/** @file
 *  The grid pointing game. */
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

const struct metric metric_grid_pointing = {
    .name = "grid_pointing",
    .formula = "sum of max(m, 0) in the cell of the target's class / sum of max(m, 0), on a mosaic",
    .range = "0 to 1",
    .better = "higher",
    .ties = "NaN where the class is in no cell and where no value is positive",
    .traps = "chance is one cell's share, 0.25 for 2 x 2; cells must be classified rightly by "
             "themselves; models with a global pooling see an input of another size than they were "
             "trained on",
    .source = "Böhle, Fritz, Schiele 2021, arXiv:2104.00032",
    .needs = METRIC_IMAGE | METRIC_OBJECT | METRIC_GRID,
    .run = run,
};
