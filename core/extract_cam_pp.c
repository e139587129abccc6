/** @file
 *  Grad-CAM++: positions count as much as they would for a smooth score, positive signals alone. */
#include "core/cam_plus_plus.h"
#include "core/cam_weights.h"

CAM_SUM(sum_of_a, a)

SIMD_PART double weight(const real *a, const real *g, int64_t n)
{
  return cam_alpha_sum(g, n, sum_of_a(a, g, n), 1);
}

CAM_BEGIN(weight)

const struct extract extract_cam_pp = {
    .name = "cam_pp",
    .formula = "gamma_u = (sum_v alpha_v max(g_v, 0)) * a_u, alpha = g^2 / (2 g^2 + (sum_v a_v) "
               "g^3 + 1e-6)",
    .source = "Chattopadhay et al. 2018, arXiv:1710.11063, eq. 19; as pytorch-grad-cam",
    .reads_activation = true,
    .begin = begin,
    .run = cam_run,
};
