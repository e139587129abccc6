#pragma once
/* What the rows of a scan come to. */
#include "jobs/scan_schema.h"

struct scan_verdict {
  int classes;
  double *log_gain, *spread, *lead; /* [classes][SCAN_TESTS]; NaN where dropped or not taken */
  double *score, *p, *reach;        /* [classes] */
  int *test;                        /* [classes] the test that the score is of, -1: none */
  double *cleanse, *inspect;        /* [classes] NaN: not taken or not found */
  int64_t best_row;                 /* of the suspected class: where its best pattern was found */
  int window[3];                    /* of that pattern's patch, or of the smaller patch; -1: none */
  double value[SCAN_VERDICTS];
  double *gain, *work; /* scratch */
};

/** Read the rows of the file and decide.  pool: for its reach.  Errors: ERR_MEMORY, those of reading.
 *  Not collective. */
MUST_CHECK err scan_verdict_make(const struct scan_job *j, const struct scan_pool *pool,
                                 const char *path, struct scan_verdict **out);
void scan_verdict_free(struct scan_verdict **v);

/** Write it into the file: rank 0.  Collective. */
MUST_CHECK err scan_verdict_write(const struct scan_verdict *v, const char *path);

/* For the reader: rank 0. */

/** Table and sentences on standard output. */
void scan_report_print(const struct scan_job *j, const struct scan_verdict *v);
/** A line for each class.  Errors: ERR_IO. */
MUST_CHECK err scan_report_csv(const struct scan_job *j, const struct scan_verdict *v,
                               const char *path);
/** The suspected class's map, its energy and patch, the window marked.  Errors: ERR_IO, ERR_MEMORY. */
MUST_CHECK err scan_report_png(const struct scan_job *j, const struct scan_verdict *v,
                               const char *study, const char *path);
