/** @file
 *  Composite: z^B at the first layer, gamma at other convolutions, epsilon at fully connected layers. */
#include "core/relevance.h"

static const struct param params[] = {
    PARAM("gamma", 0.25, 0.0, 1e6, "how much more positive weights count"),
    RELEVANCE_EPSILON_PARAM,
    {0}};

static struct linear_rule weighted(const struct rule_site *r)
{
  const double epsilon = rule_number(r->use, "epsilon");
  if (r->first) return relevance_z_box(epsilon);
  return relevance_is_conv(r) ? relevance_gamma(rule_number(r->use, "gamma"), epsilon)
                              : relevance_epsilon(epsilon);
}

const struct rule rule_lrp_epsilon_gamma_box = {
    .name = "lrp_epsilon_gamma_box",
    .formula =
        "first layer: z^B; other convolutions: lrp_gamma; fully connected layers: lrp_epsilon",
    .limits = "the more of what speaks against the class the larger gamma is",
    .source = "Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10; zennit EpsilonGammaBox",
    .params = params,
    .overrides = relevance_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
