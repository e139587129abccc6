#pragma once
/* Grad-CAM++:  alpha = g^2 / (2 g^2 + A g^3 + 1e-6), 0 where g is 0, with A the sum of a over the channel's
 * positions.  exp(score), by which the paper multiplies signals, cancels in alpha and only scales maps.
 * Source: Chattopadhay et al. 2018, arXiv:1710.11063, eq. 19; the constant as in pytorch-grad-cam. */
#include "core/cam_weights.h"

/** alpha of one position. */
SIMD_PART double cam_alpha(double g, double total)
{
  const double g2 = g * g;
  return g == 0.0 ? 0.0 : g2 / (2.0 * g2 + total * (g2 * g) + 1e-6);
}

/** Eight partial sums folded in a fixed order, of alpha g, or of alpha max(g, 0). */
SIMD_PART double cam_alpha_sum(const real *restrict g, int64_t n, double total, int positive)
{
  double lane[CAM_LANES] = {0};
  int64_t u = 0;
  for (; u + CAM_LANES <= n; u += CAM_LANES) {
    for (int j = 0; j < CAM_LANES; j++) {
      const double v = (double)g[u + j];
      lane[j] += cam_alpha(v, total) * (positive && v < 0.0 ? 0.0 : v);
    }
  }
  for (int j = 0; u + j < n; j++) {
    const double v = (double)g[u + j];
    lane[j] += cam_alpha(v, total) * (positive && v < 0.0 ? 0.0 : v);
  }
  for (int half = CAM_LANES / 2; half > 0; half /= 2)
    for (int j = 0; j < half; j++) lane[j] += lane[j + half];
  return lane[0];
}
