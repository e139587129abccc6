#pragma once
/* What is said of maps beside them: the groups /marks and /relevance. */
#include "core/tape.h"
#include "jobs/draft.h"
#include "jobs/setup.h"

/* What a map holds. */
#define MAP_MARK_LIST(E)                                         \
  E(MARK_VARIED, 0, "varied")                                    \
  E(MARK_ZERO, 1, "zero")             /* 0 everywhere */         \
  E(MARK_CONSTANT, 2, "constant")     /* another number */       \
  E(MARK_NOT_FINITE, 3, "not_finite") /* a NaN or an infinity */ \
  E(MARK_ABSENT, 255, "absent")       /* no map there */

enum map_mark {
#define E(name, value, word) name = (value),
  MAP_MARK_LIST(E)
#undef E
};

/** Passes whose rule conserves relevance: how many; pass [n] where not NULL. */
int attribute_conserving(const struct plan *p, int *pass);

/** Append the scales and variables of both groups; slot [n_targets] names of the targets. */
void attribute_marks_schema(struct draft *d, const struct setup *s, const char *const *slot);

/** Marks of a unit's maps.  target [count, n_targets], -1 where there is none.
 *  marks [count, n_targets, n_places, n_methods] overwritten */
void attribute_marks_take(struct tape *t, const struct plan *p, int count, const int32_t *target,
                          uint8_t *marks);

/** Relevance at taps.  totals [count, n_targets, plan_tap_places, conserving passes] overwritten */
void attribute_marks_totals(const struct tape *t, const struct plan *p, int count,
                            const int32_t *target, float *totals);
