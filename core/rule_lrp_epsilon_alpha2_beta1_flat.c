/** @file
 *  Composite: flat at the first layer, alpha 2, beta 1 at other convolutions, epsilon at fully
 *  connected layers. */
#include "core/relevance.h"

static const struct param params[] = {RELEVANCE_EPSILON_PARAM, {0}};

static struct linear_rule weighted(const struct rule_site *r)
{
  const double epsilon = rule_number(r->use, "epsilon");
  if (r->first) return relevance_flat(epsilon);
  return relevance_is_conv(r) ? relevance_alpha_beta(2.0, 1.0, epsilon)
                              : relevance_epsilon(epsilon);
}

const struct rule rule_lrp_epsilon_alpha2_beta1_flat = {
    .name = "lrp_epsilon_alpha2_beta1_flat",
    .formula = "first layer: lrp_flat; other convolutions: lrp_alpha_beta(alpha=2); fully "
               "connected layers: lrp_epsilon",
    .limits = "as lrp_epsilon_alpha2_beta1; detail inside the first layer's kernel",
    .source = "Kohlbrenner et al. 2020, arXiv:1910.09840; zennit EpsilonAlpha2Beta1Flat",
    .params = params,
    .overrides = relevance_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
