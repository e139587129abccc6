#pragma once
/* The passes of `weigh`: units dealt to ranks, what they measure of every sample, handed to all ranks. */
#include "core/tape.h"
#include "jobs/setup.h"
#include "jobs/weigh_measure.h"
#include "pipeline/prefetch.h"

struct weigh {
  struct setup setup;
  struct weigh_layer *layer; /* [n_layers] */
  int n_layers;
  struct plan *plan;
  struct tape *tape;
  struct prefetch_slot *slots; /* [unit] */
  int64_t first;               /* sample of the unit under way */
  int *label;                  /* [samples] -1: the sample does not count */
  double *mean;                /* [most channels] */
  float *up;                   /* [positions of the input] */
};

/** Measure every sample that has an image and a label.  A unit is measured by one rank alone, and every rank has
 *  what all have measured then.  Collective. */
MUST_CHECK err weigh_pass(struct weigh *w);

/** Called at every tap, as a tape's watch. */
void weigh_see(void *who, const struct tape_tap *at);
