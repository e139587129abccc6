#pragma once
/* The driver that every job with units shares: the file is made or continued, units are dealt to
 * ranks, rows are committed, and all ranks leave together.  DESIGN section 5. */
#include "core/err.h"
#include "io/store.h"
#include "pipeline/team.h"

#include <stdbool.h>
#include <stdint.h>

/** One unit to compute, and the one that this rank most likely gets after it. */
struct study_unit {
  int64_t first;
  int count; /* samples [first, first + count) */
  int64_t next_first;
  int next_count;          /* 0: none is known */
  const struct team *team; /* who computes it together; its rank 0 alone writes */
};

struct study {
  const char *job;                   /* "attribute" */
  const char *path;                  /* the file */
  const struct store_schema *schema; /* the same on every rank */
  int64_t n_samples;
  int unit;            /* samples per unit */
  int feed;            /* most ranks that can share a unit; 0 or 1: each unit has one */
  int team;            /* ranks that share one; 0: as few as make the run shortest */
  int64_t from, until; /* only these samples, both multiples of the unit or the end: a stage of a
                           study whose later samples need what earlier ones gave; until 0: all */
  bool force, quiet;
  bool log_json;        /* progress as JSON lines */
  double log_every;     /* seconds between progress lines of a log file */
  double commit_every;  /* seconds of units that one sync makes durable; 0: each unit has its own */
  const char *run_line; /* JSON object with what belongs to this run; rank 0 */
  void *who;
  /** Before the first unit: look up variables; `first` is most likely this rank's first unit, its
   *  count is 0 where there is none.  Not collective. */
  err (*begin)(void *who, struct store *s, const struct study_unit *first);
  /** Compute a unit and write its rows with store_write, all but the status; status [count] becomes
   *  SAMPLE_DONE or why not; a unit that is left SAMPLE_PENDING in the midst, because the run is to stop, is
   *  not committed.  Between comm_leave and comm_enter where it computes.
   *  Collective over the unit's team. */
  err (*compute)(void *who, struct store *s, const struct study_unit *unit, uint8_t *status);
  /** Once every sample is finished, on every rank, after the rows of all ranks are there: write what is
   *  made of many rows, each rank its share; the same whoever writes it, because a killed run is
   *  finished by the next one.  NULL: nothing.  Not collective. */
  err (*finish)(void *who, struct store *s);
  /** JSON object with what was really done, for the run log; new, freed by the caller.  Not
   *  collective. */
  char *(*account)(void *who);
};

struct study_result {
  int64_t done, skipped, pending; /* samples of the file afterwards */
  int64_t made;                   /* samples computed by this run */
  double seconds;
  double imbalance; /* share of the time that a rank waited for the busiest one, 0 to 1 */
  double io;        /* share of the busy time spent writing and syncing, 0 to 1 */
  int signal;       /* the one that stopped the run, or 0 */
  bool stopped;     /* by a signal, with work left */
};

/** Run the study to its end, or until a signal asks to stop.
 *
 *  Creates the file where there is none; continues it where it belongs to the same study.
 *  Errors: ERR_MISMATCH naming the first difference, ERR_BUSY, ERR_FORMAT (the path holds something
 *  else), ERR_IO, ERR_PEER, and what `compute` returns.  Collective. */
MUST_CHECK err study_run(const struct study *s, struct study_result *out);
