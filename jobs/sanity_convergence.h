#pragma once
/* Cosine similarity convergence: how much a map still knows of the signal that it began with.
 *
 *  Five random signals v_1 .. v_5 ~ N(0, 1) are put at a layer and go back under a rule; at each layer below,
 *  |cos(v_i, v_j)| over channels at each position, and the median of these over positions and pairs.  1: the
 *  beginning is forgotten.  Source: Sixt, Granz, Landgraf 2020, arXiv:1912.09818. */
#include "core/tape.h"
#include "jobs/sanity_plan.h"

struct convergence;

/** Memory for the signals of a unit at every tap of the plan; *out NULL without starts.  s and t must
 *  outlive it; the tape's watch is taken.  Errors: ERR_MEMORY. */
MUST_CHECK err convergence_make(const struct sanity *s, struct tape *t, struct convergence **out);
void convergence_free(struct convergence **c);

/** Bytes of it. */
int64_t convergence_bytes(const struct sanity *s);

/** Rules: passes of the input itself; returns how many, pass [n] where not NULL. */
int convergence_rules(const struct plan *p, int *pass);

/** Medians of a unit after its forward pass; first: its first sample in the data set.
 *  rows [unit][rules][starts][n taps] overwritten: NaN where nothing arrives.  Neither MPI nor HDF5. */
void convergence_take(struct convergence *c, int64_t first, int count, float *rows);
