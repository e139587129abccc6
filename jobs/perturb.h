#pragma once
/* What the model says of an image whose pixels go, or come, one after the other in the order of a map. */
#include "core/graph.h"
#include "core/metric.h"
#include "io/recipe.h"

struct perturb;

/** Plan and memory for units of `batch` changed images.  plain: no Winograd.  g and r must outlive it.
 *  Errors: ERR_MEMORY, ERR_SHAPE. */
MUST_CHECK err perturb_make(const struct graph *g, const struct recipe *r, int batch, bool plain,
                            struct perturb **out);
void perturb_free(struct perturb **p);

/** The image that is changed from now on: x [channels][height * width], read only, copied. */
void perturb_image(struct perturb *p, const float *x);

/** Logits [classes] of the image as it is; overwritten. */
void perturb_logits(struct perturb *p, float *logits);

/** Steps of a path: scores are [steps + 1]. */
int perturb_steps(const struct perturb *p, const struct metric_path *path, int step);

/** The order in which the pixels of a map [height * width] of the input's size count: by falling value, among
 *  equal ones the first in row-major order first. */
void perturb_order(struct perturb *p, const float *map);

/** Probabilities of a class along a path of `step` pixels a step in the last order.
 *
 *  The substrate is 0 (after normalising), or the image blurred by RISE's kernel: an 11 x 11 delta filtered
 *  by a Gaussian of sigma 5 with reflected borders, zeros around the image.
 *  score [perturb_steps + 1] overwritten.  Source: METHODS 6.4 and 2.6. */
void perturb_scores(struct perturb *p, const struct metric_path *path, int step, int class,
                    double *score);
