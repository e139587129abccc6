#pragma once
/* The networks of a study of class maps: the model, and the model with fresh weights in its last stages. */
#include "jobs/classmap.h"

struct classmap_net {
  int stages; /* randomised */
  struct graph *graph;
  void *weights; /* owned */
  struct class_cells cells;
  struct plan *plan; /* the setup's where stages is 0 */
  struct class_engine *engine;
  struct class_map *map;
};

/** Make it, or do nothing where *n is of these stages already; *n is zeros or what was made before.  The
 *  weights of randomised stages depend on the seed of the study alone.  Errors: ERR_MEMORY, those of reading
 *  the model.  Not collective. */
MUST_CHECK err classmap_net_make(const struct classmap *c, int stages, struct classmap_net *n);
void classmap_net_free(struct classmap_net *n);
