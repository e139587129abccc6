#pragma once
/* Phase 2 of extract-and-aggregate: the extract at a position to one number.
 * Every aggregate is a function of five sums, so no extract is ever materialised. */
#include <stdbool.h>
#include <stdint.h>

/** Per position u, over the entries i of the extract gamma_u:  each [positions]. */
struct stats {
  double *sum;  /* sum_i gamma */
  double *max;  /* max_i gamma */
  double *min;  /* min_i gamma */
  double *pos2; /* sum_i max(gamma, 0)^2 */
  double *neg2; /* sum_i min(gamma, 0)^2 */
};

enum { STATS_SUM = 1, STATS_MAX = 2, STATS_MIN = 4, STATS_POS2 = 8, STATS_NEG2 = 16 };

struct aggregate {
  const char *name;
  const char *formula;
  bool is_signed; /* maps may be negative */
  unsigned reads; /* STATS_*: which of the five; the others may hold anything */
  /** map[u] from s at u, for n positions.  s read only, map overwritten. */
  void (*run)(const struct stats *s, int64_t n, float *map);
};

/** All aggregates, ended by NULL name. */
extern const struct aggregate aggregate_all[];

/** The aggregate of that name, or NULL. */
const struct aggregate *aggregate_find(const char *name);
