/** @file
 *  Excitation backprop: the winner is drawn from positive weights alone. */
#include "core/relevance.h"

static struct linear_rule weighted(const struct rule_site *r)
{
  (void)r;
  return (struct linear_rule){.n = 1,
                              .group = {{1.0, .n = 1, .term = {{LINEAR_X, LINEAR_W_POSITIVE}}}}};
}

const struct rule rule_excitation = {
    .name = "excitation",
    .formula =
        "p_j = x_j sum_k w_jk+ p_k / sum_j w_jk+ x_j, without biases; sums and means in proportion",
    .limits = "what speaks against the class",
    .source = "Zhang et al. 2016, arXiv:1608.00507, eq. 3; sums as TorchRay",
    .overrides = excitation_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
