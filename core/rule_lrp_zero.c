/** @file
 *  LRP-0: relevance in proportion to what each input adds to the output. */
#include "core/relevance.h"

static struct linear_rule weighted(const struct rule_site *r)
{
  (void)r;
  return relevance_epsilon(0.0);
}

const struct rule rule_lrp_zero = {
    .name = "lrp_zero",
    .formula = "R_j = x_j sum_k w_jk R_k / z_k, z = W x + b",
    .limits = "anything stable: quotients of small sums magnify",
    .source = "Bach et al. 2015, doi:10.1371/journal.pone.0130140",
    .overrides = relevance_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
