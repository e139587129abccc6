#pragma once
/* What jobs that compute on images of their own begin with: class maps and scans. */
#include "core/class_engine.h"
#include "jobs/setup.h"

/** The plan of an engine for class maps, after setup_ranks: s->plan, and the scale of pixels as the recipe
 *  has it (channels in the model's order).  attention: the activation of the last convolution is asked for,
 *  where there is one.  Reads the options `unit` and `winograd`.  Collective. */
MUST_CHECK err setup_classes(struct setup *s, const struct options *o, bool attention,
                             struct pixel_scale *scale);

/** The scale of pixels of a recipe. */
struct pixel_scale setup_scale(const struct recipe *r);

/** The tap of the last convolution, -1 where there is none.  Errors: ERR_MEMORY. */
MUST_CHECK err setup_last_conv(const struct graph *g, int *tap);
