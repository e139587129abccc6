/** @file
 *  LRP-gamma: positive weights count more where the output is positive, negative ones where it is
 *  negative. */
#include "core/relevance.h"

static const struct param params[] = {
    PARAM("gamma", 0.25, 0.0, 1e6, "how much more positive weights count"),
    RELEVANCE_EPSILON_PARAM,
    {0}};

static struct linear_rule weighted(const struct rule_site *r)
{
  return relevance_gamma(rule_number(r->use, "gamma"), rule_number(r->use, "epsilon"));
}

const struct rule rule_lrp_gamma = {
    .name = "lrp_gamma",
    .formula = "R_j = sum_k (x_j+ (w + gamma w+)_jk + x_j- (w + gamma w-)_jk) R_k / its sum over j "
               "with b + gamma b+, where z_k > 0; mirrored where z_k < 0",
    .limits = "the more of what speaks against the class the larger gamma is",
    .source = "Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10; for inputs of any sign as "
              "zennit 0.5.1",
    .params = params,
    .overrides = relevance_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
