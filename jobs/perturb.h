#pragma once
/* What the model says of images whose pixels go, or come, one after the other in the order of a map.
 *
 * Changed images of all maps of a unit of samples wait in one queue and go forward together, so that no pass
 * is half empty; values arrive when the last image of their path does, perturb_flush at the latest. */
#include "core/metric.h"
#include "core/tape.h"

struct perturb;

/** Ask by the passes of a tape, whose input and activations are overwritten, and nothing else of it: rows of
 *  maps stay.  step: pixels a step of paths that have no percents.  The tape's plan and the tape must outlive it.
 *  Errors: ERR_MEMORY. */
MUST_CHECK err perturb_make(struct tape *t, const struct plan *plan, int step,
                            struct perturb **out);
void perturb_free(struct perturb **p);

/** The images that are changed from here on, x [channels][batch][height * width], read only, copied; not
 *  memory of the tape.  One pass; another where blurred images will be wanted.  The queue is empty. */
void perturb_unit(struct perturb *p, const float *x, bool blurred);

/** What the model says of the images as they are: [classes][batch], until the next perturb_unit. */
const float *perturb_logits(const struct perturb *p);

/** Image b of the unit is the one that maps are of. */
void perturb_sample(struct perturb *p, int b);

/** The order in which the pixels of a map [height * width] of the input's size count: by falling value, among
 *  equal ones the first in row-major order first. */
void perturb_order(struct perturb *p, const float *map);

/** Value of a METRIC_MODEL metric for a class, in the last order of the sample's pixels.
 *
 *  The substrate is 0 (after normalising), or the image blurred by RISE's kernel: an 11 x 11 delta filtered
 *  by a Gaussian of sigma 5 with reflected borders, zeros around the image.
 *  *value is overwritten by perturb_flush or before.  Source: METHODS 6.4 and 2.6. */
void perturb_value(struct perturb *p, const struct metric *k, int class, double *value);

/** Every value that was asked for is there. */
void perturb_flush(struct perturb *p);
