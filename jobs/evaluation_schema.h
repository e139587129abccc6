#pragma once
/* The groups /values and /tables of a file, and the tables themselves. */
#include "jobs/draft.h"
#include "jobs/evaluation.h"

/** Append them.  first: number in the data set of the first sample. */
void evaluation_schema_add(const struct evaluation *e, int64_t first, struct draft *d);

/** The variables of an open file. */
struct evaluation_vars {
  int *values; /* [n_layers] owned */
  int there, share, value, low, high, n;
};
MUST_CHECK err evaluation_vars_find(const struct evaluation *e, struct store *f,
                                    struct evaluation_vars *out);
void evaluation_vars_free(struct evaluation_vars *v);

/* A table has, for each layer, a value, an interval and a count for these. */
enum { TABLE_SUBSETS = 2, TABLE_AVERAGES = 3 };
extern const char *const table_subset[TABLE_SUBSETS];   /* all, difficult */
extern const char *const table_average[TABLE_AVERAGES]; /* instance, class, median */

/** Fill the tables from all rows of a complete file: this rank's share of the layers.  Not collective. */
MUST_CHECK err evaluation_tables(const struct evaluation *e, struct store *f);

/** Write the tables of a complete file as CSV: a line per layer, method, target, metric, subset and average.
 *  An existing file is replaced when the new one is whole.  Errors: ERR_IO, ERR_MEMORY. */
MUST_CHECK err evaluation_csv(const struct evaluation *e, const char *study, const char *path);

/** The settings as a JSON object with sorted keys, new, the caller frees.  Errors: ERR_MEMORY. */
MUST_CHECK err evaluation_config(const struct evaluation *e, char **json);
