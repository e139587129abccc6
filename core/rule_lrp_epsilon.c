/** @file
 *  LRP-epsilon: as LRP-0, with denominators held away from 0. */
#include "core/relevance.h"

static const struct param params[] = {RELEVANCE_EPSILON_PARAM, {0}};

static struct linear_rule weighted(const struct rule_site *r)
{
  return relevance_epsilon(rule_number(r->use, "epsilon"));
}

const struct rule rule_lrp_epsilon = {
    .name = "lrp_epsilon",
    .formula = "R_j = x_j sum_k w_jk R_k / (z_k + epsilon sign(z_k)), z = W x + b",
    .limits = "much beside gradient times activation in networks of rectifiers",
    .source = "Bach et al. 2015, doi:10.1371/journal.pone.0130140, eq. 58",
    .params = params,
    .overrides = relevance_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
