#pragma once
/* How the signal is carried back: a rule replaces the backward of some operators. */
#include "core/op.h"

struct override {
  const char *op;                           /* operator type; NULL ends the list */
  void (*backward)(const struct op_bwd *c); /* as op->backward: accumulates into dx */
  unsigned reads;                           /* OP_READS_* of it */
  bool can_set; /* it obeys `set`, and works in place where the operator's
                                               own backward does */
  size_t (*work_bytes)(const struct op_site *at); /* NULL: none */
};

struct rule {
  const char *name;
  const char *formula;
  const char *source;
  const struct override *overrides; /* ended by {0}; NULL: every operator's own backward */
};

/** All rules, in the order of rule_list.h, ended by NULL. */
extern const struct rule *const rule_all[];

/** The rule of that name, or NULL. */
const struct rule *rule_find(const char *name);

/** The override of a rule for an operator, or NULL where the operator's own backward holds. */
const struct override *rule_override(const struct rule *r, const struct op *op);
