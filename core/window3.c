/** @file
 *  3x3 windows as a pass along columns and a pass along rows. */
#include "core/window3.h"

#include "core/simd.h"
#include "core/stats.h"

#include <stdbool.h>
#include <stdint.h>

SIMD_PART double of(enum window3_kind kind, double a, double b, double c)
{
  if (kind == WINDOW3_SUM) return a + b + c;
  if (kind == WINDOW3_MAX) return stats_larger(stats_larger(a, b), c);
  return stats_smaller(stats_smaller(a, b), c);
}

/** y[u] = of x[u - w], x[u], x[u + w], n columns; zero for what is above or below the plane. */
SIMD_PART void columns(enum window3_kind kind, bool above, bool below, const double *x, int64_t w,
                       int64_t n, double *restrict y)
{
  if (above && below) {
    SIMD_INDEPENDENT
    for (int64_t u = 0; u < n; u++) y[u] = of(kind, x[u - w], x[u], x[u + w]);
  } else if (above) {
    SIMD_INDEPENDENT
    for (int64_t u = 0; u < n; u++) y[u] = of(kind, x[u - w], x[u], 0.0);
  } else if (below) {
    SIMD_INDEPENDENT
    for (int64_t u = 0; u < n; u++) y[u] = of(kind, 0.0, x[u], x[u + w]);
  } else {
    SIMD_INDEPENDENT
    for (int64_t u = 0; u < n; u++) y[u] = of(kind, 0.0, x[u], 0.0);
  }
}

/** The pass along columns; rows with both neighbours are one run. */
SIMD_PART void all_columns(enum window3_kind kind, const double *x, int width, int rows, bool top,
                           bool bottom, double *restrict y)
{
  const int64_t w = width, last = (rows - 1) * w;
  const int first = top ? 1 : 0, inner = rows - first - (bottom ? 1 : 0);
  if (top) columns(kind, false, rows > 1 || !bottom, x, w, w, y);
  if (inner > 0) columns(kind, true, true, x + first * w, w, inner * w, y + first * w);
  if (bottom && !(top && rows == 1)) columns(kind, true, false, x + last, w, w, y + last);
}

SIMD_PART void row_of(enum window3_kind kind, const double *restrict x, int width,
                      double *restrict y)
{
  y[0] = of(kind, 0.0, x[0], width > 1 ? x[1] : 0.0);
  SIMD_INDEPENDENT
  for (int c = 1; c < width - 1; c++) y[c] = of(kind, x[c - 1], x[c], x[c + 1]);
  if (width > 1) y[width - 1] = of(kind, x[width - 2], x[width - 1], 0.0);
}

typedef void passes(const double *x, int width, int rows, bool top, bool bottom, double *tmp,
                    double *out);

#define PASSES(name, kind)                                                                        \
  SIMD static void name(const double *x, int width, int rows, bool top, bool bottom, double *tmp, \
                        double *out)                                                              \
  {                                                                                               \
    all_columns(kind, x, width, rows, top, bottom, tmp);                                          \
    for (int64_t r = 0; r < rows; r++) row_of(kind, tmp + r * width, width, out + r * width);     \
  }
PASSES(sums, WINDOW3_SUM)
PASSES(maxima, WINDOW3_MAX)
PASSES(minima, WINDOW3_MIN)

void window3(enum window3_kind kind, const double *in, int height, int width, int row, int rows,
             double *tmp, double *out)
{
  static passes *const of_kind[N_WINDOW3_KINDS] = {sums, maxima, minima};
  of_kind[kind](in + (int64_t)row * width, width, rows, row == 0, row + rows == height, tmp, out);
}
