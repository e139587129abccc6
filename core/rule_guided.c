/** @file
 *  Guided backpropagation:  dx += f'(x) * max(dy, 0)  at every rectifier f.
 *
 *  For Relu that is dy * [x > 0] * [dy > 0].  Clip(0, 6), LeakyRelu and Elu are treated alike, so
 *  that a network without plain Relu does not silently get the plain gradient. */
#include "core/signed_part.h"

static void guide(const struct op_bwd *c)
{
  signed_part_before(c, true);
}

static const struct override overrides[] = {
    SIGNED_PART_RECTIFIERS /* each with its comma */
    {0},
};

const struct rule rule_guided = {
    .name = "guided",
    .formula = "at a rectifier f: dx = f'(x) max(dy, 0)",
    .limits = "much of the class and of the later weights",
    .source = "Springenberg et al. 2014, arXiv:1412.6806, fig. 1",
    .overrides = overrides,
};
