#pragma once
/* Groups of ranks that compute units together.  Rank 0 of a team takes units, writes and commits; the others
 * compute with it.  A team of one rank needs no message. */
#include "core/err.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

struct team {
  int rank, size;
  int n; /* teams of the run */
  MPI_Comm comm;
};

/** Ranks of a team such that `units` units are done soonest by `ranks` ranks, of which at most `feed` can
 *  share one: the smallest s with the fewest  ceil(units / floor(ranks / s)) / s.  Pure. */
int team_ranks(int64_t units, int ranks, int feed);

/** Cut the ranks into teams of `size` consecutive ones; what is left over joins them one by one.  Collective. */
void team_make(int size, struct team *t);
void team_free(struct team *t);

/** Hand bytes of the team's rank 0 to all of it.  Collective over the team. */
void team_share(const struct team *t, void *data, int64_t bytes);

/** Agree on failure in the team: its own error, or ERR_PEER.  Collective over the team. */
MUST_CHECK err team_agree(const struct team *t, err mine);

/** Part k of the team holds items [k n / size ...) of data as core/class_map.h's team cuts them: make all
 *  there everywhere.  who: a struct team.  Collective over the team. */
void team_gather(void *who, void *data, int64_t item_bytes, int n);
