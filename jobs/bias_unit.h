#pragma once
/* One unit of a study of input bias: the images as they are, inverted, painted, with their maps. */
#include "jobs/bias_plan.h"
#include "pipeline/study.h"

struct bias_unit;

/** Errors: ERR_MEMORY. */
MUST_CHECK err bias_unit_make(const struct bias *b, struct bias_unit **out);
void bias_unit_free(struct bias_unit **u);

/* The three functions of struct study, with a bias_unit as `who`; without a file nothing is written. */
err bias_unit_begin(void *who, struct store *f, const struct study_unit *first);
err bias_unit_compute(void *who, struct store *f, const struct study_unit *unit, uint8_t *status);
char *bias_unit_account(void *who);

/** Passes made so far. */
void bias_unit_passes(const struct bias_unit *u, int64_t *forward, int64_t *backward);
