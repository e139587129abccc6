/** @file
 *  Feature spread, pooled features, pointing. */
#include "jobs/weigh_measure.h"

#include "core/upsample.h"

#include <math.h>

/** One over the length of the feature vector at position u; 0 where that is 0. */
static double over_length(const real *a, int channels, int64_t stride, int64_t u)
{
  double squares = 0.0;
  for (int k = 0; k < channels; k++)
    squares += (double)a[k * stride + u] * (double)a[k * stride + u];
  return squares > 0.0 ? 1.0 / sqrt(squares) : 0.0;
}

double weigh_spread(const real *a, int channels, int64_t stride, int64_t n, double *mean)
{
  double sum = 0.0;
  for (int k = 0; k < channels; k++) mean[k] = 0.0;
  for (int64_t u = 0; u < n; u++) {
    const double by = over_length(a, channels, stride, u) / (double)n;
    for (int k = 0; k < channels; k++) mean[k] += by * (double)a[k * stride + u];
  }
  for (int64_t u = 0; u < n; u++) {
    const double by = over_length(a, channels, stride, u);
    double squares = 0.0;
    for (int k = 0; k < channels; k++) {
      const double d = by * (double)a[k * stride + u] - mean[k];
      squares += d * d;
    }
    sum += sqrt(squares);
  }
  return sum / (double)n;
}

void weigh_features(const real *a, int channels, int64_t stride, int64_t n, double *out)
{
  for (int k = 0; k < channels; k++) {
    double sum = 0.0;
    for (int64_t u = 0; u < n; u++) sum += (double)a[k * stride + u];
    out[k] = sum / (double)n;
  }
}

bool weigh_hits(const float *map, const struct plan_tap *t, int height, int width,
                const double box[4], float *up)
{
  int64_t best = 0;
  upsample_bilinear(map, t->height, t->width, up, height, width);
  for (int64_t u = 1; u < (int64_t)height * width; u++) best = up[u] > up[best] ? u : best;
  const int row = (int)(best / width), column = (int)(best % width);
  const double x = (double)column, y = (double)row;
  return x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3];
}
