#pragma once
/* What the files of the tape share. */
#include "core/tape.h"
#include "core/tape_extract.h"

struct tape_average;
struct tape_combination;
struct tape_metas;
struct tape_reference;
struct tape_sizes;

/* Tapes of methods that run the network again on a sample alone: in each size, then after each step. */
struct tape_inner {
  int n;
  struct tape **tape; /* [n] */
  real *x;            /* the unit's input, as stored */
};

struct tape {
  const struct plan *plan;
  unsigned char *arena;
  bool borrows; /* the arena is somebody else's */
  float *rows;
  bool *fresh;    /* [n_values] the signal holds nothing yet in this pass */
  const real **x; /* [most inputs of a node] */
  real **dx;
  bool *set; /* [the same] dx holds nothing yet */
  int part;  /* of the head, under way */
  int64_t n_forward, n_backward;
  struct tape_watch watch;
  float *totals; /* see tape_totals */
  struct tape_inner inner;
  struct tape_metas *metas; /* NULL: the plan has no methods after a step */
  struct tape_sizes *sizes; /* NULL: no method looks at the image in several sizes */
  real *const
      *gradients; /* [n_values] where gradients of parameters go, in the pass that makes them */
  struct tape_combination *combination; /* NULL: the plan has no methods over a set of taps */
  struct tape_average *average;         /* NULL: the plan has no averages */
  struct tape_reference *reference;     /* NULL: no rule has a reference */
  const struct plan *other;             /* whose weights nodes use where `swapped`; NULL: none do */
  const bool *swapped;                  /* [n_nodes] */
  bool only_watched;                    /* nothing is extracted */
};

/** Memory at an offset of the arena; NULL where the plan has none. */
void *tape_at(const struct tape *t, int64_t offset);

/** Tell the watch that a step begins. */
void tape_tell(const struct tape *t, int node, enum tape_step step);

/** The plan whose weights node i has. */
const struct plan *tape_plan_of(const struct tape *t, int i);

/** A value's activation and signal as node i sees them, the cut whole behind the head; what node i left
 *  beside its result. */
real *tape_activation(const struct tape *t, int i, int v);
real *tape_signal_of(const struct tape *t, int i, int v);
void *tape_aux(const struct tape *t, int i);

/** Copy the samples of the current part of a value between the whole unit, [C][batch][H * W], and the
 *  part. */
void tape_copy_part(const struct tape *t, int v, real *whole, real *part, bool to_part);

/** t->x: where the numbers of the inputs of node i are, constants in the graph, activations in the arena. */
void tape_gather_inputs(struct tape *t, int i);

/** Extracts at a tap whose node has other weights see those: biases. */
void tape_swap(const struct tape *t, struct tape_tap *x);

/** The node that makes a tap, where there is one. */
void tape_give_node(struct tape_tap *x);

/** Memory for the parts of a plan's methods over a set of taps; *out NULL where it has none.
 *  Errors: ERR_MEMORY. */
MUST_CHECK err tape_combination_make(const struct plan *p, struct tape_combination **out);
void tape_combination_free(struct tape_combination **c);

/** Where the parts of plan tap i go; NULL without any. */
float *tape_part_rows(const struct tape *t, int i);

/** The maps of methods over a set of taps, from their parts. */
void tape_combine(struct tape *t);

/** Inner tapes, and what their methods keep beside them: nothing where there are none.  Errors: ERR_MEMORY. */
MUST_CHECK err tape_inner_make(struct tape *t);
void tape_inner_free(struct tape *t);

/** Keep the unit's input for them. */
void tape_inner_keep(struct tape *t);

/** Add the passes that they made. */
void tape_inner_passes(const struct tape *t, int64_t *forward, int64_t *backward);

/** Methods on the weights after a step: tape [n_metas] is made.  Errors: ERR_MEMORY. */
MUST_CHECK err tape_metas_make(const struct plan *p, struct tape **tape, struct tape_metas **out);
void tape_metas_free(struct tape_metas **m, int n);

/** All their maps; classes and first as for tape_backward_all. */
void tape_metas_run(struct tape *t, const int *classes, int64_t first);

/** tape_make on memory of the caller's, at least the plan's arena_bytes and aligned as arena_alloc does, which
 *  outlives the tape; NULL: its own. */
MUST_CHECK err tape_make_on(const struct plan *p, void *arena, struct tape **out);

/** Methods that look at the image in several sizes: tape [n_sizes] is made.  Errors: ERR_MEMORY. */
MUST_CHECK err tape_sizes_make(const struct plan *p, struct tape **tape, struct tape_sizes **out);
void tape_sizes_free(struct tape_sizes **s);

/** All their maps; classes as for tape_backward_all. */
void tape_sizes_run(struct tape *t, const int *classes);

/** The backward pass of the last tape_forward that makes gradients of parameters: by [classes] on the
 *  logits of the only sample; gradients [n_values] of parameters are added to, NULL for other values. */
void tape_weigh(struct tape *t, const real *by, real *const *gradients);

/** Memory for what a plan's averages keep; *out NULL where it has none.  Errors: ERR_MEMORY. */
MUST_CHECK err tape_average_make(const struct plan *p, struct tape_average **out);
void tape_average_free(struct tape_average **a);

/** Copies are on their way: signals are added up instead of extracted from. */
bool tape_average_runs(const struct tape *t);

/** Add the signal at a tap to its sums. */
void tape_average_take(struct tape *t, const struct tape_tap *at);

/** Keep the activation of the input itself, of the whole unit or the current part, where it will be wanted.
 *  a: as stored. */
void tape_average_keep(struct tape *t, int value, bool whole, const real *a);

/** Memory for what references leave; *out NULL where there are none.  inputs: most of a node.
 *  Errors: ERR_MEMORY. */
MUST_CHECK err tape_reference_make(const struct plan *p, size_t inputs,
                                   struct tape_reference **out);
void tape_reference_free(struct tape_reference **r);

/** Every reference forward, by `forward`; the input is as before then. */
void tape_references(struct tape *t, void (*forward)(struct tape *t));

/** Keep what a node made, if a reference is on its way that is asked for it. */
void tape_reference_keep(struct tape *t, int node, const real *y, const void *aux);

/** What a node saw of a reference; valid until the next call. */
const struct op_reference *tape_reference_at(struct tape *t, int reference, int node);

/** a less the reference's, of the whole unit; NULL where a is NULL; valid until the next call. */
const real *tape_reference_difference(struct tape *t, int reference, int value, const real *a);
