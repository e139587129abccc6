/** @file
 *  LRP z+, which is alpha 1, beta 0: positive contributions alone. */
#include "core/relevance.h"

static const struct param params[] = {RELEVANCE_EPSILON_PARAM, {0}};

static struct linear_rule weighted(const struct rule_site *r)
{
  return relevance_z_plus(rule_number(r->use, "epsilon"));
}

const struct rule rule_lrp_zplus = {
    .name = "lrp_zplus",
    .formula = "R_j = sum_k (x_j w_jk)+ R_k / (sum_j (x_j w_jk)+ + b_k+)",
    .limits = "what speaks against the class; much of the class and of the later weights",
    .source = "Montavon et al. 2017, doi:10.1016/j.patcog.2016.11.008",
    .params = params,
    .overrides = relevance_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
