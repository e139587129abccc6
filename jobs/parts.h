#pragma once
/* Files that are parts of one study: shards of `attribute --shard i/n`. */
#include "io/store.h"
#include "jobs/job.h"

/** One shard. */
struct part {
  const char *path;
  struct store *store;
  struct store_copy *copy;
  const struct store_schema *schema;
  int shard, n_shards;  /* 0 of 0: all of the study */
  int64_t first, count; /* samples [first, first + count) of the data set */
  int64_t pending;      /* of them not computed yet */
};

/** Open files and put them into the order of their samples: a whole study alone, or every shard of
 *  one study once.  part [n] overwritten; free with parts_close, also after a failure.
 *  Errors: ERR_USAGE naming what is missing or twice there, ERR_MISMATCH naming the first
 *  difference, and those of store_open_read.  Not collective. */
MUST_CHECK err parts_open(const char *const *path, int n, struct part *part);
void parts_close(struct part *part, int n);

/** Errors: ERR_USAGE naming the first part that is not complete. */
MUST_CHECK err parts_check_complete(const struct part *part, int n);

/** Whether a variable has a row for each sample, as numbers. */
bool part_is_row(const struct store_var *v);
