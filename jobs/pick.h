#pragma once
/* Choosing samples, targets, methods and layers of a study by what the user wrote. */
#include "jobs/view.h"

/* Patterns match a name exactly, or as a glob; `all` is everything.  A pattern that matches nothing is
 * ERR_USAGE with the nearest names.  No patterns choose all.  chosen is overwritten. */

/** Layers: also `input`, `convs`, `last_conv`, `last`, an operator type, or a tap's index in the
 *  model.  chosen [n_layers]. */
MUST_CHECK err pick_layers(const struct view *v, const char *const *patterns, int n, bool *chosen);

/** Methods: also by canonical form.  chosen [n_methods]. */
MUST_CHECK err pick_methods(const struct view *v, const char *const *patterns, int n, bool *chosen);

/** Samples: by number (12), range (0-7, 8-) or path.  chosen [n_samples].
 *  Errors: ERR_USAGE, also for numbers out of range. */
MUST_CHECK err pick_samples(const struct view *v, const char *const *patterns, int n, bool *chosen);

/** One target slot by name; name NULL: the first.  Errors: ERR_USAGE with the nearest names. */
MUST_CHECK err pick_target(const struct view *v, const char *name, int *slot);
