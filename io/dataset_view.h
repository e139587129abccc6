#pragma once
/* What views do to samples on their way to the model (struct recipe_view). */
#include "io/dataset_impl.h"

/** Pixels, in the model's frame: view `invert`. */
void dataset_view_pixels(const struct recipe *r, struct image *im);

/** Inputs in planes x[c * stride + u]: views `invert` of ready inputs, `rescale`, `blind`.
 *  ready: x did not come from pixels.  size: height and width of the image in its file.
 *  Errors: what reading a mask returns. */
MUST_CHECK err dataset_view_input(const struct dataset *d, int64_t i, const struct recipe *r,
                                  bool ready, const int size[2], int64_t stride, float *x);
