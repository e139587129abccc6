/** @file
 *  Insertion: the most relevant pixels come first. */
#include "core/metric.h"

#include <math.h>

static double value(const double *score, int n)
{
  double sum = -0.5 * (score[0] + score[n]);
  for (int i = 0; i <= n; i++) sum += score[i];
  return sum / n;
}

const struct metric metric_insertion = {
    .name = "insertion",
    .formula = "the same sum, beginning with the image blurred by an 11 x 11 Gaussian (sigma 5, "
               "zero-padded), the most relevant pixels put back first",
    .range = "0 to 1",
    .better = "higher",
    .ties = "among equal values the first pixel in row-major order is more relevant.  NaN where a "
            "map holds a NaN",
    .traps = "depends on `step`; the blurred image may be recognised already",
    .source = "Petsiuk, Das, Saenko 2018, arXiv:1806.07421 (RISE)",
    .needs = METRIC_INPUT | METRIC_MODEL,
    .path = {.insertion = true, .blurred = true},
    .value = value,
};
