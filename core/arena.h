#pragma once
/* Laying out memory by lifetimes. */
#include "core/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARENA_ALIGN = 64 };

/** Bytes up to where the next piece of memory may begin. */
static inline size_t arena_padded(size_t bytes)
{
  return (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

/** The same of n numbers. */
static inline size_t arena_reals(int64_t n)
{
  return arena_padded((size_t)n * sizeof(real));
}

struct span {
  int64_t bytes;
  int first, last; /* inclusive step numbers in execution order */
  int64_t offset;  /* out: from the arena's base, a multiple of ARENA_ALIGN */
};

/** Lay out n spans so that spans alive at the same step do not overlap.
 *
 *  spans [n]: offset is overwritten, the rest read only
 *  Returns the arena's bytes, or -1 when out of memory.
 *  Source: Pisarchyk and Lee 2020, arXiv:2001.03288, "greedy by size for offset calculation". */
int64_t arena_place(struct span *spans, int n);

/** Give the whole pages among these bytes back to the system; what they held is lost, reading them
 *  gives anything.  shared: of memory that processes have in common, for all of them. */
void arena_release(void *memory, size_t bytes, bool shared);

/** Memory for an arena, aligned to ARENA_ALIGN, to be freed with free(); NULL when there is none.  In
 *  huge pages where the system gives them: the strides of matrix products miss small ones. */
void *arena_alloc(size_t bytes);
