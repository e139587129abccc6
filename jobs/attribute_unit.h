#pragma once
/* One unit of an attribute study: pixels to maps to rows in the file. */
#include "jobs/attribute_schema.h"
#include "jobs/setup.h"
#include "pipeline/study.h"

struct attribute_unit;

/** Tape, decoding thread and row buffers of this rank.  s and a must outlive it.
 *  Errors: ERR_MEMORY. */
MUST_CHECK err attribute_unit_make(const struct setup *s, const struct attribute_schema *a,
                                   struct attribute_unit **out);
void attribute_unit_free(struct attribute_unit **u);

/* The three functions of struct study, with an attribute_unit as `who`. */
err attribute_unit_begin(void *who, struct store *f, const struct study_unit *first);
err attribute_unit_compute(void *who, struct store *f, const struct study_unit *unit,
                           uint8_t *status);
char *attribute_unit_account(void *who);

/** What is evaluated beside, or NULL. */
const struct evaluation *attribute_unit_evaluation(void *who);

/** The variables of a file that rows are written to.  Errors: ERR_FORMAT.  Not collective. */
MUST_CHECK err attribute_unit_find(struct attribute_unit *u, struct store *f);

/** Compute a unit of the study and write its rows from `row` on; f NULL: write nothing.  Not
 *  collective. */
MUST_CHECK err attribute_unit_compute_to(struct attribute_unit *u, struct store *f,
                                         const struct study_unit *unit, int64_t row,
                                         uint8_t *status);
