/** @file
 *  Bilinear interpolation. */
#include "core/upsample.h"

#include <stdint.h>
#include <string.h>

/** Where one place of the output lies in the input. */
struct source {
  int i0, i1;
  double weight; /* of i1 */
};

typedef double place(int d, int in, int out);

static double between_centres(int d, int in, int out)
{
  const double src = ((double)d + 0.5) * (double)in / (double)out - 0.5;
  return src < 0.0 ? 0.0 : src;
}

static double between_corners(int d, int in, int out)
{
  return out > 1 ? (double)d * (double)(in - 1) / (double)(out - 1) : 0.0;
}

static struct source source_of(place *at, int d, int in, int out)
{
  const double src = at(d, in, out);

  int i0 = (int)src;
  if (i0 > in - 1) i0 = in - 1;
  return (struct source){i0, i0 < in - 1 ? i0 + 1 : in - 1, src - (double)i0};
}

/** row[i0] + weight * (row[i1] - row[i0]); a weight of 0 takes row[i0] whatever its neighbour is. */
static double between(double a, double b, double weight)
{
  return weight > 0.0 ? a + weight * (b - a) : a;
}

static void bilinear(place *at, const float *in, int in_height, int in_width, float *out,
                     int out_height, int out_width)
{
  if (in_height == out_height && in_width == out_width) {
    memcpy(out, in, sizeof *out * (size_t)in_height * (size_t)in_width);
    return;
  }
  for (int y = 0; y < out_height; y++) {
    const struct source v = source_of(at, y, in_height, out_height);
    const float *upper = in + (size_t)v.i0 * (size_t)in_width;
    const float *lower = in + (size_t)v.i1 * (size_t)in_width;
    float *row = out + (size_t)y * (size_t)out_width;
    for (int x = 0; x < out_width; x++) {
      const struct source h = source_of(at, x, in_width, out_width);
      const double above = between((double)upper[h.i0], (double)upper[h.i1], h.weight);
      const double below = between((double)lower[h.i0], (double)lower[h.i1], h.weight);
      row[x] = (float)between(above, below, v.weight);
    }
  }
}

void upsample_bilinear(const float *in, int in_height, int in_width, float *out, int out_height,
                       int out_width)
{
  bilinear(between_centres, in, in_height, in_width, out, out_height, out_width);
}

void upsample_corners(const float *in, int in_height, int in_width, float *out, int out_height,
                      int out_width)
{
  bilinear(between_corners, in, in_height, in_width, out, out_height, out_width);
}

void upsample_nearest(const float *in, int in_height, int in_width, float *out, int out_height,
                      int out_width)
{
  for (int y = 0; y < out_height; y++) {
    const float *row = in + (int64_t)y * in_height / out_height * in_width;
    for (int x = 0; x < out_width; x++)
      out[(int64_t)y * out_width + x] = row[(int64_t)x * in_width / out_width];
  }
}
