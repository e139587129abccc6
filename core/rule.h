#pragma once
/* How the signal is carried back: a rule replaces the backward of some operators.  One rule per file
 * rule_<name>.c, one line in rule_list.h, nothing else. */
#include "core/err.h"
#include "core/op.h"
#include "core/use.h"

/** A rule with its parameters. */
struct rule_use {
  const struct rule *rule;
  struct use with;
};

/** Where an override works. */
struct rule_site {
  const struct rule_use *use;
  const struct op *op;
  const struct op_site *at; /* as op_bwd.at */
  const char *node;         /* its name, for messages */
  bool first, last; /* no other weighted operator lies between it and the input, or the logits */
  const struct op_site
      *norm;   /* the BatchNormalization behind a weighted operator that is one with it */
  bool merged; /* this is such a BatchNormalization */
  const real *low, *high; /* [channels of x] the input's range where first; NULL: not known */
  const void *prepared;   /* [prepared_bytes] what `prepare` made */
};

struct override {
  const char *op; /* operator type; NULL: every operator of `role` that no line above names */
  enum op_role role;
  void (*backward)(
      const struct op_bwd *c); /* as op->backward: accumulates into dx; NULL ends the list */
  unsigned reads;              /* OP_READS_* of it */
  bool can_set; /* it obeys `set`, and works in place where the operator's own backward does */
  size_t (*work_bytes)(const struct rule_site *r);     /* NULL: none */
  size_t (*prepared_bytes)(const struct rule_site *r); /* NULL: none */
  /** Once, when the plan is made; prepared [prepared_bytes] overwritten. */
  void (*prepare)(const struct rule_site *r, void *prepared);
  err (*check)(const struct rule_site *r); /* NULL: it fits everywhere.  Errors: ERR_UNSUPPORTED */
};

struct linear_rule;

struct rule {
  const char *name;
  const char *formula;
  const char *source;
  const char *limits;               /* what maps of it are known not to show */
  const struct param *params;       /* at most USE_PARAMS, ended by {0}; NULL: none */
  const struct override *overrides; /* ended by {0}; NULL: every operator's own backward */
  /* Relevance rules: only operators that an override names and those of role OP_ROUTING are carried
   * through; others are refused.  A BatchNormalization right behind a weighted operator is one with
   * it, so that the value between them has no relevance of its own. */
  bool relevance;
  /* Rules with a reference: the parameters are AVERAGE_BASELINE_PARAMS, from the first one on.  Operators that
   * mix activations are refused, and extracts read the activation's difference from the reference's. */
  bool differences;
  /* What comes in at the logits is what arrives at every cut, but for biases and the stabiliser. */
  bool conserves;
  struct linear_rule (*weighted)(const struct rule_site *r); /* relevance.h; relevance rules */
};

/** All rules, in the order of rule_list.h, ended by NULL. */
extern const struct rule *const rule_all[];

/** The rule of that name, or NULL. */
const struct rule *rule_find(const char *name);

/** The override of a rule for an operator of that role, or NULL where the operator's own backward
 *  holds. */
const struct override *rule_override(const struct rule *r, const struct op *op, enum op_role role);

/** A rule with every parameter at its default. */
struct rule_use rule_default(const struct rule *r);

/** Read "name" or "name(param=number,...)".  Errors: ERR_USAGE, with the nearest names or the allowed
 *  range. */
MUST_CHECK err rule_parse(const char *text, struct rule_use *out);

/** Whether two uses carry the signal alike. */
bool rule_same(const struct rule_use *a, const struct rule_use *b);

/** The value of a parameter, which the rule must have. */
double rule_number(const struct rule_use *u, const char *param);
