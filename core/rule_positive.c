/** @file
 *  Positive propagation everywhere: guided backpropagation whose signal is also cut to its positive part
 *  behind every linear layer, a control for what keeping one sign does. */
#include "core/signed_part.h"

static void guide(const struct op_bwd *c)
{
  signed_part_before(c, true);
}

static void cut(const struct op_bwd *c)
{
  signed_part_behind(c, true);
}

static const struct override overrides[] = {
    SIGNED_PART_RECTIFIERS /* each with its comma */
    {.role = OP_WEIGHTED,
     .backward = cut,
     .reads = OP_READS_OWN,
     .can_set = true,
     .work_bytes = signed_part_behind_work},
    {.role = OP_SCALING,
     .backward = cut,
     .reads = OP_READS_OWN,
     .can_set = true,
     .work_bytes = signed_part_behind_work},
    {0},
};

const struct rule rule_positive = {
    .name = "positive",
    .formula = "as guided, and dx = max(dx, 0) behind every linear layer",
    .limits = "the class: it converges to one direction with depth",
    .source = "control for Khakzar et al. 2020, arXiv:2012.00362",
    .overrides = overrides,
};
