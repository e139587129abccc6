#pragma once
/* Confidence intervals by resampling: the percentile bootstrap over rows (images). */
#include "core/err.h"

#include <stdint.h>

struct bootstrap {
  uint64_t seed;
  int resamples; /* 10000 as in the literature; below 2^24 */
  double level;  /* 0.95 */
};

struct interval {
  double value;     /* of all rows as they are; NaN where none has a value */
  double low, high; /* NaN likewise, and where some resample has none */
  int64_t n;        /* rows with a value */
};

/** Intervals of means over rows, column by column.
 *
 *  Resample r draws, for i = 0 .. rows - 1, row floor(rows u), u uniform with place {seed, RANDOM_BOOTSTRAP,
 *  copy r, sample 0} and number i: the same rows for every column and every call with as many rows, so
 *  that columns may be compared image by image.  The statistic is the mean over the rows that have a value
 *  (are not NaN); with groups the mean of these means over the groups that have any, as the pointing game
 *  wants over classes.  Low and high are the percentiles 50 (1 -+ level), between neighbours in proportion.
 *  Sums are in the order of the draws.
 *
 *  values  [rows, columns] read only
 *  group   [rows] from 0 to n_groups - 1, or below 0: the row is left out; NULL: one group
 *  out     [columns] overwritten
 *  Errors: ERR_MEMORY.  Source: Efron, Tibshirani 1993, chapter 13. */
MUST_CHECK err bootstrap_means(const struct bootstrap *how, const double *values, int64_t rows,
                               int columns, const int *group, int n_groups, struct interval *out);

/** The same of medians; of an even number the mean of the two in the middle. */
MUST_CHECK err bootstrap_medians(const struct bootstrap *how, const double *values, int64_t rows,
                                 int columns, struct interval *out);
