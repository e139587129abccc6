/** @file
 *  The transforms of F(2x2, 3x3) with stride 2: as winograd.c, with other matrices. */
#include "core/winograd_lane.h"

enum { IN = 5, OUT = 2, LANES = WINOGRAD_LANES };

/** Two outputs' inputs 0 to 4: of the even ones 0 - 2, 2, 4 - 2; then the odd ones. */
SIMD_PART void apply_bt(struct lane l)
{
  const real *restrict a = l.from, *restrict b = a + l.from_step, *restrict c = b + l.from_step;
  const real *restrict d = c + l.from_step, *restrict e = d + l.from_step;
  real *restrict p = l.to, *restrict q = p + l.to_step, *restrict r = q + l.to_step;
  real *restrict s = r + l.to_step, *restrict t = s + l.to_step;
  SIMD_INDEPENDENT
  for (int i = 0; i < LANES; i++) {
    const real x1 = b[i], x2 = c[i], x3 = d[i];
    p[i] = a[i] - x2;
    q[i] = x2;
    r[i] = e[i] - x2;
    s[i] = x1;
    t[i] = x3;
  }
}

SIMD_PART void apply_b(struct lane l)
{
  const real *restrict a = l.from, *restrict b = a + l.from_step, *restrict c = b + l.from_step;
  const real *restrict d = c + l.from_step, *restrict e = d + l.from_step;
  real *restrict p = l.to, *restrict q = p + l.to_step, *restrict r = q + l.to_step;
  real *restrict s = r + l.to_step, *restrict t = s + l.to_step;
  SIMD_INDEPENDENT
  for (int i = 0; i < LANES; i++) {
    const real v0 = a[i], v2 = c[i];
    p[i] = v0;
    q[i] = d[i];
    r[i] = b[i] - v0 - v2;
    s[i] = e[i];
    t[i] = v2;
  }
}

/** Output 0 from products 0, 1 and 3; output 1 from 1, 2 and 4. */
SIMD_PART void apply_at(struct lane l)
{
  const real *restrict a = l.from, *restrict b = a + l.from_step, *restrict c = b + l.from_step;
  const real *restrict d = c + l.from_step, *restrict e = d + l.from_step;
  real *restrict p = l.to, *restrict q = p + l.to_step;
  SIMD_INDEPENDENT
  for (int i = 0; i < LANES; i++) {
    const real v1 = b[i];
    p[i] = a[i] + v1 + d[i];
    q[i] = v1 + c[i] + e[i];
  }
}

SIMD_PART void apply_a(struct lane l)
{
  const real *restrict a = l.from, *restrict b = a + l.from_step;
  real *restrict p = l.to, *restrict q = p + l.to_step, *restrict r = q + l.to_step;
  real *restrict s = r + l.to_step, *restrict t = s + l.to_step;
  SIMD_INDEPENDENT
  for (int i = 0; i < LANES; i++) {
    const real y0 = a[i], y1 = b[i];
    p[i] = y0;
    q[i] = y0 + y1;
    r[i] = y1;
    s[i] = y0;
    t[i] = y1;
  }
}

#include "core/winograd_passes.inc"

const struct winograd_form winograd_2x2_strided = {
    .stride = 2,
    .in = IN,
    .out = OUT,
    .kinds = 4,
    .kind = {0, 1, 2, 3, 3},
    .weights = {{1, 0, 0}, {1, 0, 1}, {0, 0, 1}, {0, 1, 0}},
    .input = input,
    .output = output,
    .output_adjoint = output_adjoint,
    .input_adjoint = input_adjoint,
};
