/** @file
 *  The transforms of F(4x4, 3x3), vectorised over tiles.  Every function is a pass down the columns
 *  of a tile and a pass along its rows; the one-dimensional transforms below are the matrices B', A'
 *  and their transposes written out. */
#include "core/winograd.h"

#include "core/simd.h"

/** Rows of a matrix of vectors: element i of a column is at p + i * step. */
struct lane {
  const real *from;
  int64_t from_step;
  real *to;
  int64_t to_step;
};

/** to = B' from: six values to six. */
SIMD_PART void apply_bt(struct lane l)
{
  const real *restrict a = l.from, *restrict b = a + l.from_step, *restrict c = b + l.from_step;
  const real *restrict d = c + l.from_step, *restrict e = d + l.from_step;
  const real *restrict f = e + l.from_step;
  real *restrict p = l.to, *restrict q = p + l.to_step, *restrict r = q + l.to_step;
  real *restrict s = r + l.to_step, *restrict t = s + l.to_step, *restrict u = t + l.to_step;
  SIMD_INDEPENDENT
  for (int i = 0; i < WINOGRAD_LANES; i++) {
    const real x0 = a[i], x1 = b[i], x2 = c[i], x3 = d[i], x4 = e[i], x5 = f[i];
    const real even = x4 - REAL(4.0) * x2, odd = x3 - REAL(4.0) * x1;
    const real even2 = x4 - x2, odd2 = REAL(2.0) * (x3 - x1);
    p[i] = REAL(4.0) * x0 - REAL(5.0) * x2 + x4;
    q[i] = even + odd;
    r[i] = even - odd;
    s[i] = even2 + odd2;
    t[i] = even2 - odd2;
    u[i] = REAL(4.0) * x1 - REAL(5.0) * x3 + x5;
  }
}

/** to = B from: six values to six. */
SIMD_PART void apply_b(struct lane l)
{
  const real *restrict a = l.from, *restrict b = a + l.from_step, *restrict c = b + l.from_step;
  const real *restrict d = c + l.from_step, *restrict e = d + l.from_step;
  const real *restrict f = e + l.from_step;
  real *restrict p = l.to, *restrict q = p + l.to_step, *restrict r = q + l.to_step;
  real *restrict s = r + l.to_step, *restrict t = s + l.to_step, *restrict u = t + l.to_step;
  SIMD_INDEPENDENT
  for (int i = 0; i < WINOGRAD_LANES; i++) {
    const real v0 = a[i], v5 = f[i];
    const real sum1 = b[i] + c[i], diff1 = b[i] - c[i], sum2 = d[i] + e[i], diff2 = d[i] - e[i];
    p[i] = REAL(4.0) * v0;
    q[i] = REAL(4.0) * (v5 - diff1) - REAL(2.0) * diff2;
    r[i] = -REAL(5.0) * v0 - REAL(4.0) * sum1 - sum2;
    s[i] = diff1 + REAL(2.0) * diff2 - REAL(5.0) * v5;
    t[i] = v0 + sum1 + sum2;
    u[i] = v5;
  }
}

/** to = A' from: six values to four. */
SIMD_PART void apply_at(struct lane l)
{
  const real *restrict a = l.from, *restrict b = a + l.from_step, *restrict c = b + l.from_step;
  const real *restrict d = c + l.from_step, *restrict e = d + l.from_step;
  const real *restrict f = e + l.from_step;
  real *restrict p = l.to, *restrict q = p + l.to_step, *restrict r = q + l.to_step;
  real *restrict s = r + l.to_step;
  SIMD_INDEPENDENT
  for (int i = 0; i < WINOGRAD_LANES; i++) {
    const real sum1 = b[i] + c[i], diff1 = b[i] - c[i], sum2 = d[i] + e[i], diff2 = d[i] - e[i];
    p[i] = a[i] + sum1 + sum2;
    q[i] = diff1 + REAL(2.0) * diff2;
    r[i] = sum1 + REAL(4.0) * sum2;
    s[i] = diff1 + REAL(8.0) * diff2 + f[i];
  }
}

/** to = A from: four values to six. */
SIMD_PART void apply_a(struct lane l)
{
  const real *restrict a = l.from, *restrict b = a + l.from_step, *restrict c = b + l.from_step;
  const real *restrict d = c + l.from_step;
  real *restrict p = l.to, *restrict q = p + l.to_step, *restrict r = q + l.to_step;
  real *restrict s = r + l.to_step, *restrict t = s + l.to_step, *restrict u = t + l.to_step;
  SIMD_INDEPENDENT
  for (int i = 0; i < WINOGRAD_LANES; i++) {
    const real y0 = a[i], y1 = b[i], y2 = c[i], y3 = d[i];
    const real even = y0 + y2, odd = y1 + y3;
    const real even2 = y0 + REAL(4.0) * y2, odd2 = REAL(2.0) * y1 + REAL(8.0) * y3;
    p[i] = y0;
    q[i] = even + odd;
    r[i] = even - odd;
    s[i] = even2 + odd2;
    t[i] = even2 - odd2;
    u[i] = y3;
  }
}

void winograd_weights(const real *g, int64_t n, real *u)
{
  static const double rows[WINOGRAD_IN][3] = {
      {1.0 / 4, 0, 0},
      {-1.0 / 6, -1.0 / 6, -1.0 / 6},
      {-1.0 / 6, 1.0 / 6, -1.0 / 6},
      {1.0 / 24, 1.0 / 12, 1.0 / 6},
      {1.0 / 24, -1.0 / 12, 1.0 / 6},
      {0, 0, 1},
  };
  for (int64_t m = 0; m < n; m++) {
    for (int i = 0; i < WINOGRAD_IN; i++) {
      double half[3] = {0}; /* row i of G g; in double, because these weights serve every unit */
      for (int k = 0; k < 3; k++)
        for (int l = 0; l < 3; l++) half[l] += rows[i][k] * (double)g[m * 9 + (int64_t)k * 3 + l];
      for (int j = 0; j < WINOGRAD_IN; j++) {
        const double v = half[0] * rows[j][0] + half[1] * rows[j][1] + half[2] * rows[j][2];
        u[((int64_t)i * WINOGRAD_IN + j) * n + m] = (real)v;
      }
    }
  }
}

/* The four transforms of one group of lanes; n is the distance between two places. */

SIMD static void input_lanes(const real *d, int64_t n, real *work, real *v, int64_t v_stride)
{
  const int64_t row = WINOGRAD_IN * (int64_t)WINOGRAD_LANES;
  for (int k = 0; k < WINOGRAD_IN; k++) { /* down column k of every tile */
    apply_bt((struct lane){d + k * n, WINOGRAD_IN * n, work + (int64_t)k * WINOGRAD_LANES, row});
  }
  for (int i = 0; i < WINOGRAD_IN; i++) { /* along row i */
    apply_bt((struct lane){work + i * row, WINOGRAD_LANES, v + (int64_t)i * WINOGRAD_IN * v_stride,
                           v_stride});
  }
}

SIMD static void output_lanes(const real *m, int64_t m_stride, real *work, real *y, int64_t n)
{
  const int64_t row = WINOGRAD_IN * (int64_t)WINOGRAD_LANES;
  for (int k = 0; k < WINOGRAD_IN; k++) { /* down column k: work is [4][6][lanes] */
    apply_at((struct lane){m + k * m_stride, WINOGRAD_IN * m_stride,
                           work + (int64_t)k * WINOGRAD_LANES, row});
  }
  for (int i = 0; i < WINOGRAD_OUT; i++)
    apply_at((struct lane){work + i * row, WINOGRAD_LANES, y + (int64_t)i * WINOGRAD_OUT * n, n});
}

SIMD static void output_adjoint_lanes(const real *y, int64_t n, real *work, real *m,
                                      int64_t m_stride)
{
  const int64_t row = WINOGRAD_IN * (int64_t)WINOGRAD_LANES;
  for (int i = 0; i < WINOGRAD_OUT; i++) /* along row i: work is [4][6][lanes] */
    apply_a((struct lane){y + (int64_t)i * WINOGRAD_OUT * n, n, work + i * row, WINOGRAD_LANES});
  for (int k = 0; k < WINOGRAD_IN; k++) {
    apply_a((struct lane){work + (int64_t)k * WINOGRAD_LANES, row, m + k * m_stride,
                          WINOGRAD_IN * m_stride});
  }
}

SIMD static void input_adjoint_lanes(const real *v, int64_t v_stride, real *work, real *d,
                                     int64_t n)
{
  const int64_t row = WINOGRAD_IN * (int64_t)WINOGRAD_LANES;
  for (int i = 0; i < WINOGRAD_IN; i++) {
    apply_b((struct lane){v + (int64_t)i * WINOGRAD_IN * v_stride, v_stride, work + i * row,
                          WINOGRAD_LANES});
  }
  for (int k = 0; k < WINOGRAD_IN; k++)
    apply_b((struct lane){work + (int64_t)k * WINOGRAD_LANES, row, d + k * n, WINOGRAD_IN * n});
}

void winograd_input(const real *d, int n, real *work, real *v, int64_t v_stride)
{
  for (int i = 0; i < n; i += WINOGRAD_LANES) input_lanes(d + i, n, work, v + i, v_stride);
}

void winograd_output(const real *m, int64_t m_stride, int n, real *work, real *y)
{
  for (int i = 0; i < n; i += WINOGRAD_LANES) output_lanes(m + i, m_stride, work, y + i, n);
}

void winograd_output_adjoint(const real *y, int n, real *work, real *m, int64_t m_stride)
{
  for (int i = 0; i < n; i += WINOGRAD_LANES) output_adjoint_lanes(y + i, n, work, m + i, m_stride);
}

void winograd_input_adjoint(const real *v, int64_t v_stride, int n, real *work, real *d)
{
  for (int i = 0; i < n; i += WINOGRAD_LANES) input_adjoint_lanes(v + i, v_stride, work, d + i, n);
}
