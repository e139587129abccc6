#pragma once
/* Figures that several studies share.  methods [n].  Errors: as those of jobs/report.h. */
#include "jobs/report.h"

/** Maps of the least likely class against those of the most likely one, over images: step classes.h5, first
 *  layer. */
MUST_CHECK err figure_classes(const struct report *r, const char *const *methods, int n);

/** The same at all layers, and over images at the last one. */
MUST_CHECK err figure_classes_at_layers(const struct report *r, const char *const *methods, int n);

/** Maps of the trained network against those of networks whose weights are random from the logits back: step
 *  cascade.h5, first layer.  The figure is named after the measure. */
MUST_CHECK err figure_cascade(const struct report *r, const char *const *methods, int n,
                              const char *measure, const char *label);
