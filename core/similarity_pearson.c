/** @file
 *  Pearson's correlation. */
#include "core/similarity.h"

#include <math.h>

/** Whether all n numbers are the same, when a mean's rounding would else pass for variance. */
static int constant(const double *v, int64_t n)
{
  for (int64_t i = 1; i < n; i++)
    if (v[i] != v[0]) return 0;
  return 1;
}

double similarity_pearson_of(const double *a, const double *b, int64_t n)
{
  double ma = 0.0, mb = 0.0, aa = 0.0, bb = 0.0, ab = 0.0;
  if (constant(a, n) || constant(b, n)) return NAN;
  for (int64_t i = 0; i < n; i++) {
    ma += a[i];
    mb += b[i];
  }
  ma /= (double)n;
  mb /= (double)n;
  for (int64_t i = 0; i < n; i++) {
    const double da = a[i] - ma, db = b[i] - mb;
    aa += da * da;
    bb += db * db;
    ab += da * db;
  }
  const double r = ab / (sqrt(aa) * sqrt(bb));
  return r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r;
}

static size_t work_doubles(int height, int width)
{
  return 2 * (size_t)height * (size_t)width;
}

static double run(const float *a, const float *b, int height, int width, double *work)
{
  const int64_t n = (int64_t)height * width;
  for (int64_t i = 0; i < n; i++) {
    work[i] = (double)a[i];
    work[n + i] = (double)b[i];
  }
  return similarity_pearson_of(work, work + n, n);
}

const struct similarity similarity_pearson = {
    .name = "pearson",
    .formula = "sum_u (a_u - mean a)(b_u - mean b) / sqrt(sum_u (a_u - mean a)^2 "
               "sum_u (b_u - mean b)^2)",
    .range = "-1 to 1; 1: equal up to scale and offset",
    .undefined = "a map is constant",
    .source = "Pearson 1895",
    .work_doubles = work_doubles,
    .run = run,
};
