#pragma once
/* Class activation mapping with one weight a channel: what the family of extracts shares.
 *
 * Sums over the positions of a channel are made in double as 32 partial sums, folded to eight for the rest, in a fixed
 * order: the same on every instruction set. */
#include "core/extract.h"
#include "core/simd.h"

enum { CAM_WIDE = 32, CAM_LANES = 8 };

/** `name`(a, g, n): sum over the positions of `term`, an expression in a and g, doubles; to be used once a
 *  file and name. */
#define CAM_SUM(name, term)                                                                     \
  SIMD_PART double name##_at(double a, double g)                                                \
  {                                                                                             \
    (void)a, (void)g;                                                                           \
    return term;                                                                                \
  }                                                                                             \
  SIMD_PART double name(const real *restrict a_, const real *restrict g_, int64_t n)            \
  {                                                                                             \
    double lane[CAM_WIDE] = {0};                                                                \
    int64_t u = 0;                                                                              \
    for (; u + CAM_WIDE <= n; u += CAM_WIDE)                                                    \
      for (int j = 0; j < CAM_WIDE; j++)                                                        \
        lane[j] += name##_at((double)a_[u + j], (double)g_[u + j]);                             \
    for (int half = CAM_WIDE / 2; half >= CAM_LANES; half /= 2)                                 \
      for (int j = 0; j < half; j++) lane[j] += lane[j + half];                                 \
    for (; u + CAM_LANES <= n; u += CAM_LANES)                                                  \
      for (int j = 0; j < CAM_LANES; j++)                                                       \
        lane[j] += name##_at((double)a_[u + j], (double)g_[u + j]);                             \
    for (int j = 0; u + j < n; j++) lane[j] += name##_at((double)a_[u + j], (double)g_[u + j]); \
    for (int half = CAM_LANES / 2; half > 0; half /= 2)                                         \
      for (int j = 0; j < half; j++) lane[j] += lane[j + half];                                 \
    return lane[0];                                                                             \
  }

/** `begin` of an extract: weights[k] = weight(a, g, positions of channel k), a function marked SIMD_PART. */
#define CAM_BEGIN(weight)                                                        \
  SIMD static void begin(const struct extract_call *c)                           \
  {                                                                              \
    const struct extract_site *at = &c->at;                                      \
    const int64_t n = (int64_t)at->height * at->width;                           \
    for (int k = 0; k < at->channels; k++)                                       \
      c->weights[k] = weight(at->a + k * at->stride, at->g + k * at->stride, n); \
  }

/** `run` of such an extract: gamma_u[k] = weights[k] a_u[k]. */
void cam_run(const struct extract_call *c);
