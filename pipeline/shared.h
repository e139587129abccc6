#pragma once
/* Memory that the ranks of one node have in common: what they all only read is there once. */
#include "core/err.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

struct shared;

/** Memory for the ranks of `ranks` that are on one node, in an MPI-3 shared-memory window.
 *
 *  bytes: the same on every rank of a node, else ERR_MISMATCH
 *  *out is NULL where there is nothing to share: a node with one rank, or no bytes.
 *  Where the node has too little room for shared memory, *out is there and shared_memory is NULL.
 *  An error is every rank's of a node; other nodes need not have it, so agree afterwards.
 *  Collective over `ranks`. */
MUST_CHECK err shared_make(MPI_Comm ranks, int64_t bytes, struct shared **out);

/** Bring a block of rank 0 to all ranks: one copy per node where ranks can share it, else one each.
 *
 *  from: the block, on rank 0     bytes: the same on every rank
 *  *window, *own: what holds the copy; freed by the caller (shared_free, free)
 *  *out: the copy, aligned to 8 bytes
 *  Errors: ERR_MEMORY on every rank.  Collective over `ranks`. */
MUST_CHECK err shared_spread(MPI_Comm ranks, const void *from, int64_t bytes,
                             struct shared **window, void **own, const void **out);

/** Free it, after everybody's last look; accepts NULL.  Collective over the ranks of the node. */
void shared_free(struct shared **s);

/** The memory, aligned to 64 bytes; NULL where there is none.  Accepts NULL. */
void *shared_memory(const struct shared *s);

/** Whether this rank is the one of its node that fills the memory.  Accepts NULL: true. */
bool shared_leads(const struct shared *s);

/** Wait until the rank that leads has filled the memory; accepts NULL.  Collective over the ranks of
 *  the node. */
void shared_settle(struct shared *s);

/** Bytes of the memory, and the ranks that have it in common; 0 and 1 for NULL. */
int64_t shared_bytes(const struct shared *s);
int shared_ranks(const struct shared *s);
