/** @file
 *  Class activation mapping with the positive part of the signal alone. */
#include "core/cam_weights.h"

CAM_SUM(sum, g < 0.0 ? 0.0 : g)

SIMD_PART double weight(const real *a, const real *g, int64_t n)
{
  return sum(a, g, n) / (double)n;
}

CAM_BEGIN(weight)

const struct extract extract_cam_positive = {
    .name = "cam_positive",
    .formula = "gamma_u = mean_v(max(g_v, 0)) * a_u",
    .source = "Khakzar et al. 2020, arXiv:2012.00362",
    .reads_activation = true,
    .begin = begin,
    .run = cam_run,
};
