#pragma once
/* Between the files of report. */
#include "jobs/report.h"

/** A file of the study's folder, which report_close closes.  Errors: those of store_open_read; ERR_MEMORY. */
MUST_CHECK err report_open(const struct report *r, const char *file, struct store **out);

/** report_values of a pick that names its layer. */
MUST_CHECK err report_pick_values(const struct report *r, const struct report_pick *p, double **out,
                                  int64_t *n, int64_t *each);
