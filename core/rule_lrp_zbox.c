/** @file
 *  LRP z^B at the first layer, which knows the range of pixels, z+ elsewhere: deep Taylor
 *  decomposition. */
#include "core/relevance.h"

static const struct param params[] = {RELEVANCE_EPSILON_PARAM, {0}};

static struct linear_rule weighted(const struct rule_site *r)
{
  const double epsilon = rule_number(r->use, "epsilon");
  return r->first ? relevance_z_box(epsilon) : relevance_z_plus(epsilon);
}

const struct rule rule_lrp_zbox = {
    .name = "lrp_zbox",
    .formula = "first layer: R_j = sum_k (x_j w_jk - l_j w_jk+ - h_j w_jk-) R_k / its sum over j; "
               "elsewhere z+",
    .limits = "what speaks against the class; elsewhere as lrp_zplus",
    .source = "Montavon et al. 2017, doi:10.1016/j.patcog.2016.11.008",
    .params = params,
    .overrides = relevance_overrides,
    .relevance = true,
    .conserves = true,
    .weighted = weighted,
};
