#pragma once
/* One row of a scan: a class measured once. */
#include "jobs/scan_job.h"

struct scan_unit;

/** This rank's engine and memory, and the pool, which the ranks make together.  j must outlive it.
 *  Errors: ERR_MEMORY.  Collective. */
MUST_CHECK err scan_unit_make(const struct scan_job *j, struct scan_unit **out);
void scan_unit_free(struct scan_unit **u);

/** Choose the classes that fine rows are about, from the coarse rows of the file: the `slots` best ones, by
 *  the best rank among the tests.  Not collective; every rank finds the same. */
MUST_CHECK err scan_unit_choose(struct scan_unit *u, const char *path);

/** The pool, and what the model makes of it. */
const struct scan_pool *scan_unit_pool(const struct scan_unit *u);

/* The functions of struct study, with a scan_unit as `who`. */
err scan_unit_begin(void *who, struct store *f, const struct study_unit *first);
err scan_unit_compute(void *who, struct store *f, const struct study_unit *unit, uint8_t *status);
char *scan_unit_account(void *who);
