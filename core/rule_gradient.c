/** @file
 *  The gradient: every operator's own backward. */
#include "core/rule.h"

const struct rule rule_gradient = {
    .name = "gradient",
    .formula = "g = d(logit of the target) / d(tap)",
    .limits = "for or against, without the activation; a saturated unit",
    .source = "Simonyan, Vedaldi, Zisserman 2013, arXiv:1312.6034",
};
