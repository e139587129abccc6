/** @file
 *  Composite: flat at the first layer, z+ at other convolutions, epsilon at fully connected layers. */
#include "core/relevance.h"

static const struct param params[] = {RELEVANCE_EPSILON_PARAM, {0}};

static struct linear_rule weighted(const struct rule_site *r)
{
  const double epsilon = rule_number(r->use, "epsilon");
  if (r->first) return relevance_flat(epsilon);
  return relevance_is_conv(r) ? relevance_z_plus(epsilon) : relevance_epsilon(epsilon);
}

const struct rule rule_lrp_epsilon_plus_flat = {
    .name = "lrp_epsilon_plus_flat",
    .formula =
        "first layer: lrp_flat; other convolutions: lrp_zplus; fully connected layers: lrp_epsilon",
    .limits = "as lrp_epsilon_plus; detail inside the first layer's kernel",
    .source = "Kohlbrenner et al. 2020, arXiv:1910.09840; zennit EpsilonPlusFlat",
    .params = params,
    .overrides = relevance_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
