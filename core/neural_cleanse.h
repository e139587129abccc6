#pragma once
/* Neural Cleanse: the smallest mask and pattern that send images to a class.  Wang et al. 2019, with the
 * loss, optimiser and schedule of the authors' code:
 *
 *   x' = (1 - m) x + m p,   m = tanh(M) / (2 - e) + 1/2,  p = tanh(P) / (2 - e) + 1/2,  e = 1e-7
 *   loss = CE(f(x'), target) + cost |m|_1,   Adam with rate 0.1, beta (0.5, 0.9)
 *
 * A step is `batches` mini-batches.  The cost is 0 until `patience` steps in a row sent 99 % of the images to
 * the class; then 1e-3, times 2 after `patience` such steps, divided by 2^1.5 after `patience` others.  Kept is
 * the smallest |m|_1 of a step with 99 %.  It ends after `steps`, or once the cost went both ways and nothing
 * better came in 25 steps. */
#include "core/scan_lab.h"

struct cleanse_settings {
  int steps, batches, batch;
  uint64_t seed; /* of the first mask and pattern */
};

struct cleanse_result {
  double norm; /* |m|_1 of the best mask; NaN where no step reached 99 % */
  double rate; /* share of the images that the last step sent to the class */
  int steps;   /* made */
  bool reached;
};

struct cleanse;
MUST_CHECK err cleanse_make(const struct scan_lab *l, struct cleanse **out);
void cleanse_free(struct cleanse **c);

/** images [n][pixels] are taken in turn.  Cannot fail. */
void cleanse_run(struct cleanse *c, const struct cleanse_settings *s, struct scan_lab *l,
                 const real *images, int n, int target, struct cleanse_result *out);
