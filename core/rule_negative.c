/** @file
 *  Negative propagation:  dx += f'(x) * min(dy, 0)  at every rectifier f: the mirror image of guided
 *  backpropagation, a control for what keeping one sign does. */
#include "core/rectifier.h"
#include "core/signed_part.h"

static void guide(const struct op_bwd *c)
{
  signed_part_before(c, false);
}

static const struct override overrides[] = {
#define RECTIFIER(type)   \
  {.op = (type),          \
   .backward = guide,     \
   .reads = OP_READS_OWN, \
   .can_set = true,       \
   .work_bytes = signed_part_before_work},
    RECTIFIER_LIST(RECTIFIER)
#undef RECTIFIER
        {0},
};

const struct rule rule_negative = {
    .name = "negative",
    .formula = "at a rectifier f: dx = f'(x) min(dy, 0)",
    .source = "control for Khakzar et al. 2020, arXiv:2012.00362",
    .overrides = overrides,
};
