/** @file
 *  Grad-CAM++ without its positive part: what is left of it when nothing is cut off. */
#include "core/cam_plus_plus.h"
#include "core/cam_weights.h"

CAM_SUM(sum_of_a, a)

SIMD_PART double weight(const real *a, const real *g, int64_t n)
{
  return cam_alpha_sum(g, n, sum_of_a(a, g, n), 0);
}

CAM_BEGIN(weight)

const struct extract extract_cam_pp_signed = {
    .name = "cam_pp_signed",
    .formula = "gamma_u = (sum_v alpha_v g_v) * a_u, alpha as in cam_pp",
    .source = "control for Khakzar et al. 2020, arXiv:2012.00362",
    .reads_activation = true,
    .begin = begin,
    .run = cam_run,
};
