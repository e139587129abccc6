/** @file
 *  Perturbation of the most relevant pixels first. */
#include "core/metric.h"

#include <math.h>

static double value(const double *score, int n)
{
  double sum = 0.0;
  for (int i = 1; i <= n; i++) sum += 100.0 * fabs(score[i] - score[0]) / score[0];
  return sum / n;
}

const struct metric metric_most_first = {
    .name = "most_first",
    .formula = "the same with the p percent most relevant pixels",
    .range = "0 to infinity",
    .better = "higher",
    .ties = "among equal values the first pixel in row-major order is more relevant.  NaN where a "
            "map holds a NaN",
    .traps = "as least_first",
    .source = "pixel perturbation of CAMP-eXplain-AI/RoarTorch",
    .needs = METRIC_INPUT | METRIC_MODEL,
    .path = {.percent = true},
    .value = value,
};
