/** @file
 *  Composite: z+ at convolutions, epsilon at fully connected layers. */
#include "core/relevance.h"

static const struct param params[] = {RELEVANCE_EPSILON_PARAM, {0}};

static struct linear_rule weighted(const struct rule_site *r)
{
  const double epsilon = rule_number(r->use, "epsilon");
  return relevance_is_conv(r) ? relevance_z_plus(epsilon) : relevance_epsilon(epsilon);
}

const struct rule rule_lrp_epsilon_plus = {
    .name = "lrp_epsilon_plus",
    .formula = "convolutions: lrp_zplus; fully connected layers: lrp_epsilon",
    .limits = "what speaks against the class in convolutions; much of the later weights",
    .source = "Kohlbrenner et al. 2020, arXiv:1910.09840; zennit EpsilonPlus",
    .params = params,
    .overrides = relevance_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
