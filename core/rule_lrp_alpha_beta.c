/** @file
 *  LRP-alpha-beta: positive and negative contributions apart. */
#include "core/relevance.h"

static const struct param params[] = {
    PARAM("alpha", 2.0, 1.0, 1e6, "share of positive contributions; beta is alpha - 1"),
    RELEVANCE_EPSILON_PARAM,
    {0}};

static struct linear_rule weighted(const struct rule_site *r)
{
  const double alpha = rule_number(r->use, "alpha");
  return relevance_alpha_beta(alpha, alpha - 1.0, rule_number(r->use, "epsilon"));
}

const struct rule rule_lrp_alpha_beta = {
    .name = "lrp_alpha_beta",
    .formula = "R_j = sum_k (alpha (x_j w_jk)+ / z_k+ - beta (x_j w_jk)- / z_k-) R_k, alpha - beta "
               "= 1, the bias in the part of its sign",
    .limits = "much of the class and of the later weights: it converges with depth",
    .source = "Bach et al. 2015, doi:10.1371/journal.pone.0130140, eq. 60",
    .params = params,
    .overrides = relevance_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
