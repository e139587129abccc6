#pragma once
/* How many ranks and nodes a study wants, and for how long. */
#include <stdint.h>

/** What is known before a study starts. */
struct demand {
  int64_t units;
  double seconds; /* of one unit on one rank */
  int64_t private, shared,
      room;      /* bytes: of a rank, of a node whatever its ranks, of a node's memory */
  int cores;     /* of a node */
  int64_t ranks; /* wanted; 0: as few as are done within so many minutes */
  double within; /* minutes */
};

struct proposal {
  int64_t ranks, nodes;
  int64_t each;    /* ranks of a node */
  double seconds;  /* of the run */
  int64_t lead;    /* seconds before the time limit at which to warn */
  int64_t minutes; /* time limit */
  int64_t bytes;   /* memory of a node */
};

/** The fewest ranks that end in time, but no more than a tenth of the units, so that the last unit of
 *  each is at most about a tenth of its time; as many to a node as there are cores and memory for.
 *
 *    memory   = each x private x 1.1 + shared + 64 MiB
 *    warning  = 2 units and 2 minutes before the limit: Slurm may be a minute early, and writes last
 *    limit    = 1.3 x run + warning + a minute to start
 *
 *  Pure. */
struct proposal attribute_propose(const struct demand *d);
