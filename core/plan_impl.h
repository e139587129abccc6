#pragma once
/* What the files that make a plan share: a plan that can still be written to. */
#include "core/plan.h"

struct plan_storage {
  struct plan plan; /* first: plan_free casts back */
  struct method *methods;
  struct plan_tap *taps;
  struct plan_pass *passes;
  struct plan_source *sources;
  struct plan_reference *references;
  int64_t *reference_homes; /* of all references */
  int64_t *sums, *clean;    /* [n_passes][n_taps], [n_taps] */
  int n_parts;              /* methods behind those of the request: parts of combinations */
  struct method *parts;     /* [n_parts] */
  bool *parts_wanted;       /* [n_taps of the graph][n_parts] */
  struct plan_combination *combinations;
  real *biases;
  int *places;
  struct plan_meta *metas;
  struct plan_size *sizes;
  struct plan_sized *sized;
  int *seen;
  void *bias_work; /* scratch of bias_fill */
  struct op_site *sites;
  struct operand *operands; /* of all sites */
  int *tap_of_value, *tap_methods, *pass_of;
  bool *need, *tapped, *kept;        /* of all passes */
  struct rule_site *rule_sites;      /* [n_passes][n_nodes] */
  const struct override **overrides; /* [n_passes][n_nodes] */
  bool *marks;                       /* [2][n_values] scratch of plan_rules */
  unsigned char *prepared;
  int64_t *activation, *signal, *aux, *work_fwd, *work_bwd, *extract_work;
  int64_t *activation_step, *aux_step;
};

/** Collect what methods over a set of taps want; before anything else.  Errors: ERR_USAGE, ERR_MEMORY. */
MUST_CHECK err plan_collect_parts(struct plan_storage *s, const struct plan_request *r);

/** Where the maps that they read will lie, their place, and biases; after the taps.  Errors: ERR_MEMORY. */
MUST_CHECK err plan_place_parts(struct plan_storage *s, const struct plan_request *r);

void plan_free_parts(struct plan_storage *s);

/** Biases once more, of constants that have changed. */
void plan_fill_biases(struct plan_storage *s);

/** Plans of methods on the weights after a step; last.  Errors: ERR_MEMORY, ERR_UNSUPPORTED. */
MUST_CHECK err plan_metas(struct plan_storage *s, const struct plan_request *r);
void plan_free_metas(struct plan_storage *s);

/** Plans of methods that look at the image in several sizes; after plan_prepare.  Errors: ERR_MEMORY,
 *  ERR_UNSUPPORTED where the network does not take such images. */
MUST_CHECK err plan_sizes(struct plan_storage *s, const struct plan_request *r);
void plan_free_sizes(struct plan_storage *s);

/** What of a unit runs in parts; one part where that has no use. */
struct plan_parts plan_parts_of(const struct plan_storage *s, const struct plan_request *r);

/** Where node i of a graph stands in plans of this batch; in [n_in] overwritten, referred to. */
struct op_site plan_site(const struct graph *g, int i, int batch, bool plain, struct operand *in);

/** One pass per rule and source among the methods that are taken somewhere, one for gradients of weights where
 *  asked for, and where each wants signals.  Cannot fail. */
void plan_passes(struct plan_storage *s, bool weighs);

/** What the rule of every pass does at every node.  Errors: ERR_UNSUPPORTED for an operator that a rule
 *  has no formula for, ERR_USAGE for a tap at which it has no signal. */
MUST_CHECK err plan_rules(struct plan_storage *s, const struct plan_request *r);

/** plan_reach, of a storage whose only pass is that of the rule. */
void plan_reach_of(struct plan_storage *s, const struct plan_request *r, bool *reached, char *why,
                   int bytes);

/** Which references there are, and where what they leave is kept.  Errors: ERR_MEMORY, ERR_USAGE. */
MUST_CHECK err plan_references(struct plan_storage *s);

/** Where what averages keep begins.  Errors: ERR_MEMORY, ERR_USAGE where baselines are missing. */
MUST_CHECK err plan_averages(struct plan_storage *s);

/** Bytes of everything that operators and rules prepare. */
int64_t plan_prepared_total(const struct plan *p);

/** Let every operator prepare its constants, e.g. transform weights, where the request says.
 *  Errors: ERR_MEMORY. */
MUST_CHECK err plan_prepare(struct plan_storage *s, const struct plan_request *r);

/** Activations that may share memory: root[v] is the value on whose memory v lies, v itself for most.
 *  read_again [n_values]: the activation is read in backward, so nothing may be written over it. */
void plan_alias_activations(const struct plan *p, const bool *read_again, int *root);

/** The same for signals: that of a node's first input may lie on that of its output. */
void plan_alias_signals(const struct plan *p, int *root);

/** Decide what is kept and lay out the arena.  Errors: ERR_MEMORY. */
MUST_CHECK err plan_memory(struct plan_storage *s);
