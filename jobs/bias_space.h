#pragma once
/* Maps of the same network with pixels in other ranges, from the passes of the network as it is. */
#include "core/tape.h"
#include "jobs/setup.h"

/** Pixels in [0, 1], and in [-1, 1]. */
enum { BIAS_UNIT, BIAS_SYMMETRIC, BIAS_SPACES };

struct bias_spaces;

/** Watches the tape, which has one place of maps, the input; both must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err bias_spaces_make(const struct setup *s, struct tape *tape, struct bias_spaces **out);
void bias_spaces_free(struct bias_spaces **s);

/* Maps of the passes between the two calls are taken. */
void bias_spaces_begin(struct bias_spaces *s);
void bias_spaces_end(struct bias_spaces *s);

/** Rows as tape_rows has them; NaN where a rule's signals do not go back as derivatives do. */
const float *bias_spaces_rows(const struct bias_spaces *s, int space);
