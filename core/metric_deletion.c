/** @file
 *  Deletion: the most relevant pixels go first. */
#include "core/metric.h"

#include <math.h>

static double value(const double *score, int n)
{
  double sum = -0.5 * (score[0] + score[n]);
  for (int i = 0; i <= n; i++) sum += score[i];
  return sum / n;
}

const struct metric metric_deletion = {
    .name = "deletion",
    .formula = "(sum_i s_i - s_0/2 - s_n/2) / n, s_i the probability of the target's class after i "
               "steps of `step` pixels, the most relevant first, set to 0 in normalised space",
    .range = "0 to 1",
    .better = "lower",
    .ties = "among equal values the first pixel in row-major order is more relevant.  NaN where a "
            "map holds a NaN",
    .traps = "depends on `step`; pixels set to the mean are no natural image",
    .source = "Petsiuk, Das, Saenko 2018, arXiv:1806.07421 (RISE)",
    .needs = METRIC_INPUT | METRIC_MODEL,
    .path = {},
    .value = value,
};
