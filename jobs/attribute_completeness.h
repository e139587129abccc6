#pragma once
/* The group /completeness: what the terms of a method add up to that should be the score. */
#include "core/tape.h"
#include "jobs/draft.h"
#include "jobs/setup.h"

/** How many methods of a plan are complete. */
int attribute_complete(const struct plan *p);

/** Append the scales and the variable, where there are such methods; slot [n_targets] names of the targets. */
void attribute_completeness_schema(struct draft *d, const struct setup *s, const char *const *slot);

/** Of a unit.  target [count, n_targets], -1 where there is none.
 *  totals [count, n_targets, attribute_complete] overwritten */
void attribute_completeness_take(const struct tape *t, const struct plan *p, int count,
                                 const int32_t *target, float *totals);
