#pragma once
/* Choosing taps by name. */
#include "core/graph.h"

#include <stdbool.h>

/** Taps that a list of patterns chooses.
 *
 *  A pattern is `all`, `convs` (outputs of Conv), `input`, `last_conv`, `last` (the last
 *  tap with more than one position), a tap index, a name of a value or node, an operator type, or a
 *  glob over names and types.
 *  chosen [g->n_taps] overwritten.  Errors: ERR_USAGE when a pattern matches nothing, with the
 *  nearest names, or only what lies inside an operator that stands for several nodes, with its name. */
MUST_CHECK err select_taps(const struct graph *g, const char *const *patterns, int n, bool *chosen);
