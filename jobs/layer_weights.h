#pragma once
/* The file of --combination-weights: weights of layers, as `retrograd weigh` writes them.
 *
 *    {"weights": {"activation": {"relu3": 0.2, "relu5": 0.8}, "given": {"relu3": 1, "relu5": 2}}}
 *
 * Layers that are not named have none; layers that this model does not have are passed over, so that one file
 * may serve several choices of layers.  Other keys are the program's record of how they were measured. */
#include "jobs/setup.h"

/** Read into s->layer_weights; does nothing where path is NULL.
 *  Errors: ERR_INPUT, ERR_FORMAT, ERR_MEMORY. */
MUST_CHECK err layer_weights_read(struct setup *s, const char *path);
