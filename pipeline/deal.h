#pragma once
/* Dealing units to ranks: each takes the next one when it is free, so that no rank waits for another
 * until there is nothing left to start.  No master: the words lie in a window of rank 0, which works
 * like the others. */
#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>

struct deal;

/** What a rank has done in this run. */
struct deal_work {
  int64_t samples; /* computed */
  double busy, io; /* seconds of its units, and those of them spent writing and syncing */
};

/** Deal `n` units, counted from 0 in the order in which they are given out.  n: the same on every
 *  rank.  Errors: ERR_MEMORY.  Collective. */
MUST_CHECK err deal_make(int64_t n, struct deal **out);

/** Accepts NULL.  Collective. */
void deal_free(struct deal **d);

/** Reserve a first unit without starting it: the one that deal_take most likely gives; -1: none.
 *  Not collective. */
int64_t deal_reserve(struct deal *d);

/** The unit that this rank computes now, or -1 when every unit has been started (or the run was asked
 *  to stop).  *next: the one reserved to follow it, or -1.  It may be decoded ahead; an idle rank may
 *  take it away, so the next call may give another one.  Not collective. */
int64_t deal_take(struct deal *d, int64_t *next);

/** Tell the others what this rank has done so far.  Not collective. */
void deal_tell(struct deal *d, const struct deal_work *mine);

/** What rank `rank` told last.  work [size] overwritten.  Not collective. */
void deal_look(struct deal *d, struct deal_work *work);

/** True on the rank that called it first.  Not collective. */
bool deal_first_to_fail(struct deal *d);
