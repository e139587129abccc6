#pragma once
/* One rank's memory for a unit, and the passes over it. */
#include "core/plan.h"

#include <stdint.h>

struct tape;

/** Allocate the arena and the rows of a plan, which must outlive the tape.
 *  Errors: ERR_MEMORY, saying how much was asked for. */
MUST_CHECK err tape_make(const struct plan *p, struct tape **out);
void tape_free(struct tape **t);

/** The input of the unit, [C][batch][H * W]; to be filled before tape_forward. */
real *tape_input(struct tape *t);

/** Forward through every node. */
void tape_forward(struct tape *t);

/** Forward of other inputs between units, for their logits alone: of the unit's own pass only rows, totals and
 *  sums of parts are still there. */
void tape_predict(struct tape *t);

/** Let nodes have the weights of another plan: one of the same request for a graph that differs in the numbers
 *  of constants alone.  Where a rule makes two operators one, both or none are swapped.
 *
 *  swapped [n_nodes] read until the next call, as the other plan is; NULL: every node has its own weights */
void tape_use_weights(struct tape *t, const struct plan *other, const bool *swapped);

/** Forward again from a node on, after a whole forward pass: what the nodes before it left is used as it is,
 *  the input included.  node: 0, or one that the plan's request lists in `resume`, with no average or
 *  reference in the plan. */
void tape_forward_from(struct tape *t, int node);

/** Where a value's signal lies, [C][batch][H * W], to be filled before tape_backward_below. */
real *tape_signal(struct tape *t, int value);

/** One backward pass that begins with the signal that was put at a value: to all taps that it reaches, that
 *  value included, telling the watch alone: rows stay as they are.  The plan runs as a whole
 *  (plan_request.whole), and the pass needs the value's signal. */
void tape_backward_below(struct tape *t, int pass, int slot, int value);

/** Logits [classes][batch] of the last tape_forward; valid until tape_backward. */
const real *tape_logits(const struct tape *t);

/** One backward pass of the input itself: seed 1 at classes[b] of sample b (none where classes[b] < 0), back to the
 *  deepest tap of the pass, filling the rows of target slot `slot` of that pass's methods.
 *
 *  classes [batch] read only.  Cannot fail; allocates nothing. */
void tape_backward(struct tape *t, int pass, int slot, const int *classes);

/** The same from a signal at the logits that the caller gives:
 *
 *    signal at the input = sum over classes of seed[class] d(logit of the class)/d(input)
 *
 *  seed [classes][batch] read only, not memory of the tape. */
void tape_backward_from(struct tape *t, int pass, int slot, const real *seed);

/** Every backward pass of the plan: those of the last tape_forward for every target slot, then for every copy
 *  that an average wants a forward pass and its backward passes.  The rows of all taps are there then; the
 *  logits may be those of a copy.
 *
 *  classes [n_targets][batch] as for tape_backward; first: number of the unit's first sample in the data
 *  set, on which random numbers depend.  Cannot fail; allocates nothing. */
void tape_backward_all(struct tape *t, const int *classes, int64_t first);

/** Rows of plan tap i: [batch, n_targets, n_methods, height, width]. */
float *tape_rows(struct tape *t, int i);

/** Relevance at every tap of passes whose rule conserves it, of the input itself:
 *
 *    sum over channels and positions of the signal, or of (a - a') g under a rule with a reference
 *
 *  [n_passes][n_taps][n_targets][batch]; NaN where a pass has no tap or does not conserve. */
const float *tape_totals(const struct tape *t);

/** What the parts of every method over a set of taps add up to, to be compared with the score; NaN where
 *  plan_is_complete says no: [n_combinations][n_targets][batch], of the last tape_backward_all; NULL without
 *  any such method. */
const float *tape_sums_of_parts(const struct tape *t);

/** Set the rows of sample b, target slot `slot` to NaN at every place. */
void tape_blank(struct tape *t, int b, int slot);

/** Passes made so far. */
void tape_passes(const struct tape *t, int64_t *forward, int64_t *backward);

enum tape_step { TAPE_FORWARD, TAPE_EXTRACT, TAPE_BACKWARD, TAPE_END };

struct tape_tap;

/** Call `see` at each plan tap of each backward pass, before the extracts; more than once where a tap is
 *  computed in parts of the unit.  Call `step` when a step of a pass begins at a node (-1: the
 *  input) and when the pass ends.  Either may be NULL. */
struct tape_watch {
  void *who;
  void (*see)(void *who, const struct tape_tap *t); /* tape_extract.h */
  void (*step)(void *who, int node, enum tape_step step);
};
void tape_set_watch(struct tape *t, struct tape_watch watch);
