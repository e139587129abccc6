#pragma once
/* One unit of a study of parameter randomisation: maps of the trained network, maps of every network with
 * random stages, how alike they are. */
#include "jobs/sanity_plan.h"
#include "jobs/sanity_schema.h"
#include "pipeline/study.h"

struct sanity_unit;

/** Tapes and buffers of this rank; s and a must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err sanity_unit_make(const struct sanity *s, const struct attribute_schema *a,
                                struct sanity_unit **out);
void sanity_unit_free(struct sanity_unit **u);

/** Bytes beside arena and rows: maps of the trained network, values, signals. */
int64_t sanity_unit_bytes(const struct sanity *s);

/* The three functions of struct study, with a sanity_unit as `who`; compute with f NULL writes nothing. */
err sanity_unit_begin(void *who, struct store *f, const struct study_unit *first);
err sanity_unit_compute(void *who, struct store *f, const struct study_unit *unit, uint8_t *status);
char *sanity_unit_account(void *who);
