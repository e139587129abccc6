#pragma once
/* Rules that keep only the positive, or only the negative part of a signal. */
#include "core/rectifier.h"
#include "core/rule.h"

/** What reaches an operator f, before f's own backward:  dx (+)= f'(x) part(dy). */
void signed_part_before(const struct op_bwd *c, bool positive);
size_t signed_part_before_work(const struct rule_site *r);

/** What f's own backward leaves:  dx (+)= part(J' dy), for operators of one activation. */
void signed_part_behind(const struct op_bwd *c, bool positive);
size_t signed_part_behind_work(const struct rule_site *r);

/** Overrides of all rectifiers (rectifier.h) by the rule's function `guide`, which calls signed_part_before. */
#define SIGNED_PART_RECTIFIERS RECTIFIER_LIST(SIGNED_PART_RECTIFIER)
#define SIGNED_PART_RECTIFIER(type) \
  {.op = (type),                    \
   .backward = guide,               \
   .reads = OP_READS_OWN,           \
   .can_set = true,                 \
   .work_bytes = signed_part_before_work},
