#pragma once
/* What samples come to: means, intervals and medians over the rows of a file, in the file and as CSV. */
#include "io/store.h"
#include "jobs/attribute_schema_impl.h"

#include <stdbool.h>

enum {
#define SUMMARY(name, text) SUMMARY_##name,
#include "jobs/summary_list.h"
#undef SUMMARY
  SUMMARIES
};

/** Append the dimension `statistic` to a group. */
void summary_dim(struct attribute_schema *a, const char *group);

/** Fill `to` [columns..., statistic] from the rows of `from` [sample, columns...], float32, of samples that are
 *  done: of those with a value (not NaN) their number, mean, a 95 % percentile-bootstrap interval of the
 *  mean, and median.  All columns are drawn alike, so they may be compared image by image.
 *  Errors: ERR_MEMORY, ERR_FORMAT, ERR_IO.  Not collective: one rank calls it when all rows are there. */
MUST_CHECK err summary_write(struct store *f, const char *from, const char *to, int resamples,
                             uint64_t seed);
