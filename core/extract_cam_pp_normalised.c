/** @file
 *  Grad-CAM++ as its authors' code has it: alpha is divided by its sum over the channel's positive
 *  signals. */
#include "core/cam_weights.h"

CAM_SUM(sum_of_a, a)

/** alpha without a constant: a denominator of 0 is 1. */
SIMD_PART double alpha_of(double g, double total)
{
  const double below = 2.0 * (g * g) + total * (g * g * g);
  return g * g / (below == 0.0 ? 1.0 : below);
}

/* sum alpha g / sum alpha over positive g, in order. */
SIMD_PART double weight(const real *a, const real *g, int64_t n)
{
  const double total = sum_of_a(a, g, n);
  double alphas = 0.0, products = 0.0;
  for (int64_t u = 0; u < n; u++) {
    const double v = (double)g[u], alpha = v > 0.0 ? alpha_of(v, total) : 0.0;
    alphas += alpha;
    products += alpha * v;
  }
  return products / (alphas == 0.0 ? 1.0 : alphas);
}

CAM_BEGIN(weight)

const struct extract extract_cam_pp_normalised = {
    .name = "cam_pp_normalised",
    .formula = "as cam_pp, alpha = g^2 / (2 g^2 + (sum_v a_v) g^3) divided by its sum where g > 0",
    .source = "Chattopadhay et al. 2018, arXiv:1710.11063, and the authors' code",
    .reads_activation = true,
    .begin = begin,
    .run = cam_run,
};
