/** @file
 *  LRP flat: the same to every input that is connected. */
#include "core/relevance.h"

static const struct param params[] = {RELEVANCE_EPSILON_PARAM, {0}};

static struct linear_rule weighted(const struct rule_site *r)
{
  return relevance_flat(rule_number(r->use, "epsilon"));
}

const struct rule rule_lrp_flat = {
    .name = "lrp_flat",
    .formula = "R_j = sum_k R_k / (number of inputs of k)",
    .limits = "the input and the weights: relevance is spread evenly",
    .source = "Lapuschkin et al. 2017, arXiv:1708.00680",
    .params = params,
    .overrides = relevance_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
