/** @file
 *  The cosine between two maps. */
#include "core/similarity.h"

#include <math.h>

static size_t work_doubles(int height, int width)
{
  (void)height;
  (void)width;
  return 0;
}

static double run(const float *a, const float *b, int height, int width,
                  double *work) /* NOLINT(readability-non-const-parameter): as the others */
{
  const int64_t n = (int64_t)height * width;
  double aa = 0.0, bb = 0.0, ab = 0.0;
  (void)work;
  for (int64_t i = 0; i < n; i++) {
    aa += (double)a[i] * (double)a[i];
    bb += (double)b[i] * (double)b[i];
    ab += (double)a[i] * (double)b[i];
  }
  const double r = ab / (sqrt(aa) * sqrt(bb));
  return r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r;
}

const struct similarity similarity_cosine = {
    .name = "cosine",
    .formula = "sum_u a_u b_u / (|a| |b|)",
    .range = "-1 to 1; 1: equal up to scale",
    .undefined = "a map is zero",
    .source = "Sixt, Granz, Landgraf 2020, arXiv:1912.09818 (for signals)",
    .work_doubles = work_doubles,
    .run = run,
};
