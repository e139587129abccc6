#pragma once
/* The values of a sample's maps: what every rank computes, row by row. */
#include "jobs/evaluation.h"

struct evaluator;

/** Scratch for one sample at a time; e must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err evaluator_make(const struct evaluation *e, struct evaluator **out);
void evaluator_free(struct evaluator **v);

/** Ask a model for the metrics that want it; p must outlive v, and is at the sample of evaluator_begin when
 *  evaluator_layer is called. */
struct perturb;
void evaluator_ask(struct evaluator *v, struct perturb *p);

/** Begin with sample i of the study.
 *
 *  size    height and width of its image, 0 where unknown (then the model's input counts as the image)
 *  target  [n_targets] classes of the slots, -1: none
 *  there   [n_targets] overwritten: enum object_there
 *  share   [n_targets] overwritten: of the seen part of the image that the object covers
 *  Errors: ERR_MEMORY; what objects_draw returns. */
MUST_CHECK err evaluator_begin(struct evaluator *v, int64_t i, const int32_t size[2],
                               const int32_t *target, uint8_t *there, double *share);

/** Values of the maps of that sample at a layer.
 *
 *  row     [n_targets][n_methods][height][width] of the layer, read only
 *  values  [n_targets][n_methods][n_metrics] overwritten, those that ask the model by perturb_flush; NaN where
 *          there is no target or no value */
void evaluator_layer(struct evaluator *v, int layer, const float *row, double *values);
