/** @file
 *  3x3 windows as a pass along rows and a pass along columns. */
#include "core/window3.h"

#include "core/simd.h"
#include "core/stats.h"

#include <stdint.h>

static double sum(double a, double b, double c)
{
  return a + b + c;
}
static double max(double a, double b, double c)
{
  return stats_larger(stats_larger(a, b), c);
}
static double min(double a, double b, double c)
{
  return stats_smaller(stats_smaller(a, b), c);
}

typedef double combination(double, double, double);

/* One body for the three kinds: the combining function is a constant argument, so that the compiler
 * makes three copies with it inside. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/** tmp[r, c] = of the three neighbours of in[r, c] in its row. */
ALWAYS_INLINE void along_rows(combination *of, const double *restrict in, int height, int width,
                              double *restrict tmp)
{
  for (int r = 0; r < height; r++) {
    const double *x = in + (int64_t)r * width;
    double *y = tmp + (int64_t)r * width;
    y[0] = of(0.0, x[0], width > 1 ? x[1] : 0.0);
    for (int c = 1; c < width - 1; c++) y[c] = of(x[c - 1], x[c], x[c + 1]);
    if (width > 1) y[width - 1] = of(x[width - 2], x[width - 1], 0.0);
  }
}

/** out[r, c] = of the three neighbours of tmp[r, c] in its column. */
ALWAYS_INLINE void along_columns(combination *of, const double *restrict tmp, int height, int width,
                                 double *restrict out)
{
  for (int r = 0; r < height; r++) {
    const double *x = tmp + (int64_t)r * width;
    double *y = out + (int64_t)r * width;
    if (r > 0 && r + 1 < height) {
      for (int c = 0; c < width; c++) y[c] = of(x[c - width], x[c], x[c + width]);
      continue;
    }
    for (int c = 0; c < width; c++) {
      const double above = r > 0 ? x[c - width] : 0.0;
      const double below = r + 1 < height ? x[c + width] : 0.0;
      y[c] = of(above, x[c], below);
    }
  }
}

ALWAYS_INLINE void passes(combination *of, const double *in, int height, int width, double *tmp,
                          double *out)
{
  along_rows(of, in, height, width, tmp);
  along_columns(of, tmp, height, width, out);
}

SIMD static void sums(const double *in, int height, int width, double *tmp, double *out)
{
  passes(sum, in, height, width, tmp, out);
}

SIMD static void largest(const double *in, int height, int width, double *tmp, double *out)
{
  passes(max, in, height, width, tmp, out);
}

SIMD static void smallest(const double *in, int height, int width, double *tmp, double *out)
{
  passes(min, in, height, width, tmp, out);
}

void window3(enum window3_kind kind, const double *in, int height, int width, double *tmp,
             double *out)
{
  if (kind == WINDOW3_SUM) {
    sums(in, height, width, tmp, out);
  } else if (kind == WINDOW3_MAX) {
    largest(in, height, width, tmp, out);
  } else {
    smallest(in, height, width, tmp, out);
  }
}
