/** @file
 *  LRP w^2: in proportion to squared weights, whatever the input was. */
#include "core/relevance.h"

static const struct param params[] = {RELEVANCE_EPSILON_PARAM, {0}};

static struct linear_rule weighted(const struct rule_site *r)
{
  return relevance_w_square(rule_number(r->use, "epsilon"));
}

const struct rule rule_lrp_wsquare = {
    .name = "lrp_wsquare",
    .formula = "R_j = sum_k w_jk^2 / sum_j w_jk^2 R_k",
    .limits = "the input: only weights count",
    .source = "Montavon et al. 2017, doi:10.1016/j.patcog.2016.11.008",
    .params = params,
    .overrides = relevance_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
