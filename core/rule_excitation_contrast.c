/** @file
 *  Contrastive excitation backprop: what speaks for the class less what speaks for its opposite, the
 *  classifier with its weights turned round.  The two are subtracted below the last linear operator, which
 *  is where both defaults of TorchRay subtract them. */
#include "core/relevance.h"

static struct linear_rule weighted(const struct rule_site *r)
{
  return (struct linear_rule){.n = r->last ? 2 : 1,
                              .group = {{1.0, .n = 1, .term = {{LINEAR_X, LINEAR_W_POSITIVE}}},
                                        {-1.0, .n = 1, .term = {{LINEAR_X, LINEAR_W_NEGATIVE}}}}};
}

const struct rule rule_excitation_contrast = {
    .name = "excitation_contrast",
    .formula = "as excitation; at the last linear layer p_j = x_j sum_k (w_jk+ / sum_j w_jk+ x_j - "
               "w_jk- / sum_j w_jk- x_j) p_k",
    .limits = "what speaks against the class; early layers are noisy",
    .source = "Zhang et al. 2016, arXiv:1608.00507, section 3.3",
    .overrides = excitation_overrides,
    .relevance = true,
    .weighted = weighted,
};
