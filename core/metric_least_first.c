/** @file
 *  Perturbation of the least relevant pixels first. */
#include "core/metric.h"

#include <math.h>

static double value(const double *score, int n)
{
  double sum = 0.0;
  for (int i = 1; i <= n; i++) sum += 100.0 * fabs(score[i] - score[0]) / score[0];
  return sum / n;
}

const struct metric metric_least_first = {
    .name = "least_first",
    .formula = "mean over p = 1 .. 10 of 100 |P_p - P| / P, P the probability of the target's "
               "class, P_p with the p percent least relevant pixels set to 0 in normalised space",
    .range = "0 to infinity",
    .better = "lower",
    .ties = "among equal values the first pixel in row-major order is more relevant.  NaN where a "
            "map holds a NaN",
    .traps = "at most 10 % of the pixels go: maps whose lowest tenth is all zeros are decided by "
             "the order of pixels",
    .source = "pixel perturbation of CAMP-eXplain-AI/RoarTorch",
    .needs = METRIC_INPUT | METRIC_MODEL,
    .path = {.ascending = true, .percent = true},
    .value = value,
};
