#pragma once
/* A second network of the same graph, whose stages have fresh weights; a tape takes each node's weights from
 * one of the two (tape_use_weights).  Ranks of a node hold it in common, as they do the first. */
#include "core/stage.h"
#include "jobs/setup.h"

struct twin {
  struct onnx_notes notes;
  struct graph *graph;
  struct shared *weights, *prepared;
  struct plan *plan;
};

/** Read the model once more, give the stages [n] fresh weights, and plan it as the setup does.
 *  t is zeroed before; free it with twin_free also after a failure.  After setup_plan.  Collective. */
MUST_CHECK err twin_make(struct twin *t, const struct setup *s, const struct options *o,
                         const struct stage *stages, int n, const struct initialise_use *how);

/** Collective. */
void twin_free(struct twin *t);
