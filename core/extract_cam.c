/** @file
 *  Class activation mapping:  gamma_u = w * a_u with w_k = mean over u of g_k: the scaling extract
 *  after the signal was replaced by its spatial mean. */
#include "core/cam_weights.h"

CAM_SUM(sum, g)

SIMD_PART double weight(const real *a, const real *g, int64_t n)
{
  return sum(a, g, n) / (double)n;
}

CAM_BEGIN(weight)

const struct extract extract_cam = {
    .name = "cam",
    .formula = "gamma_u = mean_v(g_v) * a_u (element by element)",
    .source = "Selvaraju et al. 2017, arXiv:1610.02391, eq. 1",
    .reads_activation = true,
    .begin = begin,
    .run = cam_run,
};
