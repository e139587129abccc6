/** @file
 *  Negative propagation:  dx += f'(x) * min(dy, 0)  at every rectifier f: the mirror image of guided
 *  backpropagation, a control for what keeping one sign does. */
#include "core/signed_part.h"

static void guide(const struct op_bwd *c)
{
  signed_part_before(c, false);
}

static const struct override overrides[] = {
    SIGNED_PART_RECTIFIERS /* each with its comma */
    {0},
};

const struct rule rule_negative = {
    .name = "negative",
    .formula = "at a rectifier f: dx = f'(x) min(dy, 0)",
    .limits = "what speaks for the class",
    .source = "control for Khakzar et al. 2020, arXiv:2012.00362",
    .overrides = overrides,
};
