#pragma once
/* Stages: the parts of a network that parameter randomisation replaces one after the other. */
#include "core/graph.h"
#include "core/initialise.h"

#include <stdbool.h>

/** An operator with weights, with the BatchNormalization right behind it that it alone feeds; or a
 *  normalisation with a scale and a shift that stands by itself. */
struct stage {
  int node, norm; /* norm: the BatchNormalization, -1: none */
  int tap;        /* of what the stage makes */
};

/** Stages from the logits back to the input, in the graph's order.
 *  *out [*n] is new, the caller frees.  Errors: ERR_MEMORY, ERR_UNSUPPORTED (a graph without weights). */
MUST_CHECK err stage_list(const struct graph *g, struct stage **out, int *n);

/** Give the constants of stages new numbers: weights, biases, scales and shifts; a BatchNormalization keeps
 *  its mean and variance.  They depend on the seed, the stage's tap and the operand alone.
 *  The float constants of g are in memory that may be written to (graph_move_weights). */
void stage_randomise(const struct graph *g, const struct stage *s, int n,
                     const struct initialise_use *how, uint64_t seed);

/** Mark the nodes of a stage in nodes [n_nodes]. */
void stage_mark(const struct stage *s, bool *nodes);
