/** @file
 *  3x3 windows as a pass along rows and a pass along columns. */
#include "core/window3.h"

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

/* One body for the three kinds: the combining function is a constant argument, so that the compiler
 * makes three vectorised copies. */
static inline __attribute__((always_inline)) void passes(double (*of)(double, double, double),
                                                         const double *restrict in, int height,
                                                         int width, double *restrict tmp,
                                                         double *restrict out)
{
  for (int r = 0; r < height; r++) {
    const double *x = in + (int64_t)r * width;
    double *y = tmp + (int64_t)r * width;
    y[0] = of(0.0, x[0], width > 1 ? x[1] : 0.0);
    for (int c = 1; c < width - 1; c++) y[c] = of(x[c - 1], x[c], x[c + 1]);
    if (width > 1) y[width - 1] = of(x[width - 2], x[width - 1], 0.0);
  }
  for (int r = 0; r < height; r++) {
    const double *x = tmp + (int64_t)r * width;
    double *y = out + (int64_t)r * width;
    for (int c = 0; c < width; c++) {
      const double above = r > 0 ? x[c - width] : 0.0;
      const double below = r + 1 < height ? x[c + width] : 0.0;
      y[c] = of(above, x[c], below);
    }
  }
}

void window3(enum window3_kind kind, const double *in, int height, int width, double *tmp,
             double *out)
{
  if (kind == WINDOW3_SUM) {
    passes(sum, in, height, width, tmp, out);
  } else if (kind == WINDOW3_MAX) {
    passes(max, in, height, width, tmp, out);
  } else {
    passes(min, in, height, width, tmp, out);
  }
}
