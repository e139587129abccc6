#pragma once
/* What every part of a scan works with: the engine, the image's shape and scratch.  Images are pixels in
 * [0, 1], [channels][height][width]; all of a scan's sums run in index order on one rank, and an image has the
 * same bits in any batch, so nothing depends on the number of ranks. */
#include "core/class_engine.h"

struct scan_lab {
  struct class_engine *engine;
  struct pixel_scale scale;
  int channels, height, width, classes, batch;
  int64_t plane, pixels; /* height * width, channels * plane */
  double root;           /* sqrt(pixels) */
  real *images;          /* [batch][pixels] what goes forward next */
  real *scratch;         /* [2][pixels] */
  int *targets;          /* [batch] */
  double *margins;       /* [batch] */
};

/** Errors: ERR_MEMORY and those of class_engine_make.  plan: see class_engine_make. */
MUST_CHECK err scan_lab_make(const struct plan *plan, const struct pixel_scale *scale,
                             struct scan_lab **out);
void scan_lab_free(struct scan_lab **lab);

/** The target's logit less the largest of the others, in nats. */
double scan_margin(const real *logits, int classes, int target);

/** d cross entropy(f(images), target) / d pixels of the first n images of lab->images, as
 *  class_engine_backward; margins [n] of the forward pass, or NULL. */
const real *scan_descend(struct scan_lab *lab, int n, int target, double *margins);

/** Euclidean length of n numbers, summed in double. */
double scan_length(int64_t n, const real *x);
