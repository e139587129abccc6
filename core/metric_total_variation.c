/** @file
 *  Total variation. */
#include "core/metric.h"

#include <math.h>

static double run(const struct metric_map *m,
                  double *work) /* NOLINT(readability-non-const-parameter): as the others */
{
  const int h = m->height, w = m->width;
  const int64_t n = (int64_t)h * w, pairs = (int64_t)(h - 1) * w + (int64_t)h * (w - 1);
  float low = m->map[0], high = m->map[0];
  double sum = 0.0;
  (void)work;
  for (int64_t u = 1; u < n; u++) {
    if (m->map[u] < low) low = m->map[u];
    if (m->map[u] > high) high = m->map[u];
  }
  if (!pairs) return NAN;
  if (!(high > low)) return 0.0;
  for (int64_t u = 0; u < n; u++) {
    const double v = (double)m->map[u];
    if (u % w + 1 < w) sum += fabs((double)m->map[u + 1] - v);
    if (u / w + 1 < h) sum += fabs((double)m->map[u + w] - v);
  }
  return sum / ((double)high - (double)low) / (double)pairs;
}

const struct metric metric_total_variation = {
    .name = "total_variation",
    .formula =
        "mean of |m_u - m_v| over neighbours u, v (left and right, above and below), of the map "
        "from minimum and maximum to [0, 1]",
    .range = "0 to 1",
    .better = "neither: lower is smoother",
    .ties = "0 for a constant map, NaN for one pixel",
    .traps = "taken at the map's own resolution: compare maps of one layer alone",
    .source = "Rudin, Osher, Fatemi 1992, doi:10.1016/0167-2789(92)90242-F",
    .run = run,
};
