/** @file
 *  Cubic interpolation, along rows first. */
#include "core/bicubic.h"

#include "core/simd.h"

#include <math.h>

enum { TAPS = 4 };

/** Where an output lies among `in` inputs: which four, inside the border, and their weights. */
struct source {
  int at[TAPS];
  double weight[TAPS];
};

static double near_weight(double t)
{
  const double a = -0.75;
  return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
}

static double far_weight(double t)
{
  const double a = -0.75;
  return ((a * t - 5.0 * a) * t + 8.0 * a) * t - 4.0 * a;
}

static struct source source_of(int d, int in, int out)
{
  const double src = ((double)d + 0.5) * (double)in / (double)out - 0.5, below = floor(src);
  const double t = src - below;
  struct source s = {
      .weight = {far_weight(t + 1.0), near_weight(t), near_weight(1.0 - t), far_weight(2.0 - t)}};
  for (int k = 0; k < TAPS; k++) {
    const int i = (int)below + k - 1;
    s.at[k] = i < 0 ? 0 : i < in ? i : in - 1;
  }
  return s;
}

size_t bicubic_work(const int in_size[2], const int out_size[2])
{
  return (size_t)in_size[0] * (size_t)out_size[1];
}

/** One row of the output, from rows that are as wide as it. */
SIMD static void blend(const double *const row[TAPS], const double *w, int n, real *restrict out)
{
  for (int x = 0; x < n; x++)
    out[x] = (real)(w[0] * row[0][x] + w[1] * row[1][x] + w[2] * row[2][x] + w[3] * row[3][x]);
}

void bicubic(const real *in, const int in_size[2], real *out, const int out_size[2], double *work)
{
  const int width = out_size[1];
  for (int x = 0; x < width; x++) {
    const struct source s = source_of(x, in_size[1], width);
    for (int y = 0; y < in_size[0]; y++) {
      const real *row = in + (int64_t)y * in_size[1];
      double sum = 0.0;
      for (int k = 0; k < TAPS; k++) sum += s.weight[k] * (double)row[s.at[k]];
      work[(int64_t)y * width + x] = sum;
    }
  }
  for (int y = 0; y < out_size[0]; y++) {
    const struct source s = source_of(y, in_size[0], out_size[0]);
    const double *row[TAPS];
    for (int k = 0; k < TAPS; k++) row[k] = work + (int64_t)s.at[k] * width;
    blend(row, s.weight, width, out + (int64_t)y * width);
  }
}
