/** @file
 *  Gaussian blur. */
#include "core/blur.h"

#include "core/vmath.h"

enum { MOST_RADIUS = 4096 };

int64_t blur_work_bytes(int height, int width)
{
  const int line = height > width ? height : width;
  return (int64_t)sizeof(double) * (MOST_RADIUS + 1 + (int64_t)height * width + line);
}

static int clamp(int i, int n)
{
  return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/** One line of `n` numbers, `step` apart, blurred; beyond the ends the last number goes on. */
static void blur_line(const double *x, int n, int64_t step, const double *w, int radius,
                      double *restrict y, int64_t y_step)
{
  for (int i = 0; i < n; i++) {
    double sum = w[0] * x[i * step];
    for (int k = 1; k <= radius; k++)
      sum += w[k] * (x[clamp(i - k, n) * step] + x[clamp(i + k, n) * step]);
    y[i * y_step] = sum;
  }
}

void blur_plane(const real *x, int height, int width, double sigma, void *work, real *to)
{
  double *w = work, *rows = w + MOST_RADIUS + 1, total = 0.0;
  const int radius = (int)(4.0 * sigma) < MOST_RADIUS ? (int)(4.0 * sigma) : MOST_RADIUS;
  double *line = rows + (int64_t)height * width;
  for (int k = 0; k <= radius; k++) {
    w[k] = (double)vmath_exp((real)(-0.5 * k * k / (sigma * sigma)));
    total += k ? 2.0 * w[k] : w[k];
  }
  for (int k = 0; k <= radius; k++) w[k] /= total;
  for (int i = 0; i < height; i++) {
    for (int j = 0; j < width; j++) line[j] = (double)x[(int64_t)i * width + j];
    blur_line(line, width, 1, w, radius, rows + (int64_t)i * width, 1);
  }
  for (int j = 0; j < width; j++) {
    blur_line(rows + j, height, width, w, radius, line, 1);
    for (int i = 0; i < height; i++) to[(int64_t)i * width + j] = (real)line[i];
  }
}
