#pragma once
/* Where the time of a unit goes, node by node. */
#include "core/plan.h"

#include <stdint.h>

/** One direction of one node, or of many: a unit's worth. */
struct profile_cost {
  double seconds;
  int64_t flops, bytes;
};

enum { PROFILE_FORWARD, PROFILE_EXTRACT, PROFILE_BACKWARD, PROFILE_STEPS };

/** Costs of a unit: of node i at [i], of the input at [n_nodes]. */
struct profile {
  const struct plan *plan;
  struct profile_cost (*cost)[PROFILE_STEPS]; /* [n_nodes + 1] */
  double peak;                                /* flops per second of a large matrix product */
};

/** Work of every node by the plan: direct sums, and every tensor that is read or written once.
 *  Fills flops and bytes, all passes together. */
void profile_count(struct profile *p);

/** Tables on stdout: nodes, operators, totals. */
void profile_print(const struct profile *p);
