#pragma once
/* Computing a map and writing its rows: what the driver calls. */
#include "jobs/classmap_schema.h"
#include "pipeline/study.h"

struct classmap_unit;

/** old: a finished study to begin from, NULL: none.  c must outlive it.  Errors: ERR_MEMORY; ERR_USAGE where
 *  old is another one; those of reading it.  Not collective. */
MUST_CHECK err classmap_unit_make(const struct classmap *c, const char *old,
                                  struct classmap_unit **out);
void classmap_unit_free(struct classmap_unit **u);

/* See struct study. */
MUST_CHECK err classmap_unit_begin(void *who, struct store *s, const struct study_unit *first);
MUST_CHECK err classmap_unit_compute(void *who, struct store *s, const struct study_unit *unit,
                                     uint8_t *status);
MUST_CHECK err classmap_unit_finish(void *who, struct store *s);
char *classmap_unit_account(void *who);
