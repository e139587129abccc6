#pragma once
/* A unit's maps of random networks against those of the trained one, by every measure. */
#include "core/tape.h"
#include "jobs/sanity_plan.h"

struct sanity_compare;

/** Networks that a unit is looked at with, beside the trained one. */
int64_t sanity_compare_networks(const struct sanity *s);

/** Memory of one. */
int64_t sanity_compare_bytes(const struct sanity *s);

/** Of the maps that a tape has; s and tape must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err sanity_compare_make(const struct sanity *s, struct tape *tape,
                                   struct sanity_compare **out);
void sanity_compare_free(struct sanity_compare **c);

/** The tape has the maps of the trained network, of `count` samples. */
void sanity_compare_keep(struct sanity_compare *c, int count);

/** The tape has those of a random network, the i-th of all. */
void sanity_compare_take(struct sanity_compare *c, int64_t i, int count);

/** Values at a place as the file has them, [unit][targets][orders][stages][methods][measures]. */
const float *sanity_compare_values(const struct sanity_compare *c, int place);
