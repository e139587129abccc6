#pragma once
/* Logits of images in pixels and the derivative of a class's loss with respect to them: the engine of class
 * maps and of scans.  Images are [channels][height][width], side by side, pixels in [0, 1] (not enforced);
 * the network's normalisation is inside. */
#include "core/class_loss.h"
#include "core/plan.h"
#include "core/synthetic.h"

struct class_engine;

/** What the engine's plan computes: to be put into a plan_request, with one target. */
struct class_cells {
  struct method *methods; /* [n_methods] owned */
  int n_methods;
  bool *wanted; /* [n_taps][n_methods] owned */
};

/** The signal at the input; and where attention_tap >= 0, the activation at that tap of the graph.
 *  Errors: ERR_MEMORY. */
MUST_CHECK err class_cells_make(const struct graph *g, int attention_tap, struct class_cells *out);
void class_cells_free(struct class_cells *c);

/** plan: of class_cells, must outlive the engine; its batch is the most images of one pass.
 *  Errors: ERR_MEMORY; ERR_SHAPE unless the input is [1, C, H, W] with C of the scale. */
MUST_CHECK err class_engine_make(const struct plan *plan, const struct pixel_scale *scale,
                                 struct class_engine **out);
void class_engine_free(struct class_engine **e);

int class_engine_batch(const struct class_engine *e);
int class_engine_classes(const struct class_engine *e);

/* What follows cannot fail and allocates nothing. */

/** Logits of n <= batch images.  pixels [n][C][H][W] read only.  Returns [n][classes], valid until the
 *  next call. */
const real *class_engine_forward(struct class_engine *e, int n, const real *pixels);

/** d(loss)/d(pixels) of the images of the last class_engine_forward, which is used up; targets [n] their
 *  classes, below 0 for none (zeros).  losses [n] overwritten, or NULL.  Returns [n][C][H][W], valid until
 *  the next call. */
const real *class_engine_backward(struct class_engine *e, const struct class_loss *loss,
                                  const int *targets, double *losses);

/** The same from a seed of the caller's at the logits, [n][classes]. */
const real *class_engine_backward_from(struct class_engine *e, const real *seed);

/** Mean over channels of the activation at the attention tap in the last backward call, [n][height][width];
 *  NULL where the plan has none. */
const real *class_engine_attention(const struct class_engine *e, int *height, int *width);

/** Images that went forward, and back, counted with what filled up their batches. */
void class_engine_passes(const struct class_engine *e, int64_t *forward, int64_t *backward);
