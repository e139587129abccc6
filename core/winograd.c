/** @file
 *  The transforms of F(4x4, 3x3), vectorised over tiles.  Every function is a pass down the columns
 *  of a tile and a pass along its rows; the one-dimensional transforms below are the matrices B', A'
 *  and their transposes written out. */
#include "core/winograd_lane.h"

enum { IN = 6, OUT = 4, LANES = WINOGRAD_LANES };

/** to = B' from: six values to six. */
SIMD_PART void apply_bt(struct lane l)
{
  const real *restrict a = l.from, *restrict b = a + l.from_step, *restrict c = b + l.from_step;
  const real *restrict d = c + l.from_step, *restrict e = d + l.from_step;
  const real *restrict f = e + l.from_step;
  real *restrict p = l.to, *restrict q = p + l.to_step, *restrict r = q + l.to_step;
  real *restrict s = r + l.to_step, *restrict t = s + l.to_step, *restrict u = t + l.to_step;
  SIMD_INDEPENDENT
  for (int i = 0; i < LANES; i++) {
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
  for (int i = 0; i < LANES; i++) {
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
  for (int i = 0; i < LANES; i++) {
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
  for (int i = 0; i < LANES; i++) {
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

void winograd_weights(const struct winograd_form *w, const real *g, real *u)
{
  for (int i = 0; i < w->kinds; i++) {
    double half[3] = {0}; /* row i of G g */
    for (int k = 0; k < 3; k++)
      for (int l = 0; l < 3; l++) half[l] += w->weights[i][k] * (double)g[k * 3 + l];
    for (int j = 0; j < w->kinds; j++) {
      const double *row = w->weights[j];
      u[i * w->kinds + j] = (real)(half[0] * row[0] + half[1] * row[1] + half[2] * row[2]);
    }
  }
}

#include "core/winograd_passes.inc"

const struct winograd_form winograd_4x4 = {
    .stride = 1,
    .in = IN,
    .out = OUT,
    .kinds = 6,
    .kind = {0, 1, 2, 3, 4, 5},
    .weights = {{1.0 / 4, 0, 0},
                {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                {1.0 / 24, 1.0 / 12, 1.0 / 6},
                {1.0 / 24, -1.0 / 12, 1.0 / 6},
                {0, 0, 1}},
    .input = input,
    .output = output,
    .output_adjoint = output_adjoint,
    .input_adjoint = input_adjoint,
};
