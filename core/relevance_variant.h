#pragma once
/* A linear operator with weights that a relevance rule has modified. */
#include "core/relevance_impl.h"

enum { RELEVANCE_INPUTS = 3 };

/** One way in which the weights are modified, as a node of its own: no bias, no Winograd. */
struct relevance_variant {
  struct op_site at;
  struct operand in[RELEVANCE_INPUTS];
  const real *weights, *bias; /* [outputs] */
};

/** The linear rule at a site. */
struct linear_rule relevance_linear(const struct rule_site *r);

/** The operand that is weights: 1, or 0 of a product from the left. */
int relevance_weights_operand(const struct rule_site *r);

/** The operand that is the activation. */
int relevance_data_operand(const struct rule_site *r);

/** The node of a variant, whose weights are not known; *v points into itself. */
void relevance_variant_site(const struct rule_site *r, struct relevance_variant *v);

/** Where weights w are among what relevance_weighted_prepare has prepared; *v points into itself. */
void relevance_variant_of(const struct rule_site *r, const struct linear_rule *rule,
                          enum linear_weights w, const void *prepared, struct relevance_variant *v);
