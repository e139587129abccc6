/** @file
 *  XGrad-CAM: the weight of a channel is its mean signal, positions weighted by activation. */
#include "core/cam_weights.h"

CAM_SUM(sum_of_products, a *g)
CAM_SUM(sum_of_a, a)

SIMD_PART double weight(const real *a, const real *g, int64_t n)
{
  return sum_of_products(a, g, n) / (sum_of_a(a, g, n) + 1e-7);
}

CAM_BEGIN(weight)

const struct extract extract_cam_x = {
    .name = "cam_x",
    .formula = "gamma_u = (sum_v a_v g_v / (sum_v a_v + 1e-7)) * a_u",
    .source = "Fu et al. 2020, arXiv:2008.02312, eq. 8",
    .reads_activation = true,
    .begin = begin,
    .run = cam_run,
};
