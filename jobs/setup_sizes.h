#pragma once
/* Methods that look at images in several sizes, where the model allows it. */
#include "jobs/setup.h"

/** Make sure that the model can be run at every size that s->methods want: rank 0 reads it once more for each, so
 *  that constants which the file computes from the image's size are seen.  A method that a word for many named is
 *  left out, and s->left_out says why; one that was named is refused.
 *  Errors: ERR_UNSUPPORTED.  Collective. */
MUST_CHECK err setup_sizes(struct setup *s, const struct options *o);

/** Add a line to what is left out. */
MUST_CHECK err setup_leave_out(struct setup *s, const struct method *m, const char *where,
                               const char *why);
