/** @file
 *  The pointing game. */
#include "core/metric.h"

/** Whether an object pixel lies nearer than the tolerance to pixel `at`. */
static bool near(const struct metric_map *m, int64_t at)
{
  const int width = m->image_width, row = (int)(at / width), column = (int)(at % width);
  const int t = m->tolerance;
  for (int y = row - t; y <= row + t; y++) {
    for (int x = column - t; x <= column + t; x++) {
      if (y < 0 || y >= m->image_height || x < 0 || x >= width) continue;
      if (!m->object[(int64_t)y * width + x]) continue;
      if ((y - row) * (y - row) + (x - column) * (x - column) < t * t) return true;
    }
  }
  return false;
}

static double run(const struct metric_map *m,
                  double *work) /* NOLINT(readability-non-const-parameter): as the others */
{
  (void)work;
  return near(m, metric_first_largest(m->point, (int64_t)m->image_height * m->image_width));
}

const struct metric metric_pointing = {
    .name = "pointing",
    .formula =
        "1 where the first largest pixel of the map, made as large as the image, lies less than "
        "`tolerance` (15) pixels from the object; else 0",
    .range = "0 or 1",
    .better = "higher",
    .ties = "the first largest value in row-major order points: a constant map points to the upper "
            "left "
            "corner.  NaN without an object",
    .traps =
        "the published accuracy is the mean over classes (average = class), not over instances; "
        "the "
        "tolerance is in pixels of the image as it is in its file, so that small images are easy; "
        "input-layer maps are smoothed in the published protocol (--smooth 0.02)",
    .source = "Zhang et al. 2016, arXiv:1608.00507; Fong, Patrick, Vedaldi 2019, arXiv:1910.08485",
    .needs = METRIC_POINT | METRIC_OBJECT,
    .run = run,
};
