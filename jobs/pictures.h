#pragma once
/* The images behind a study, as the model saw them. */
#include "io/image.h"
#include "jobs/view.h"

#include <stdint.h>

struct pictures;

/** Find the images of a study by its configuration.
 *  data: where they are; NULL: where the study found them, relative to the working folder.
 *  Errors: ERR_INPUT (nothing there), ERR_FORMAT (the study does not say how an image becomes an
 *  input).  Close with pictures_close. */
MUST_CHECK err pictures_open(struct view *v, const char *data, struct pictures **out);

/** Also fine on NULL. */
void pictures_close(struct pictures **p);

/** The image of a sample in the model's frame, resized to height x width; RGB or grey.
 *  *out is new, free with image_free.  Errors: those of reading, decoding, resizing. */
MUST_CHECK err pictures_read(const struct pictures *p, const struct view *v, int64_t sample,
                             int height, int width, struct image *out);

/** The model's input of a sample: x [channels][height * width] overwritten.
 *  Errors: those of reading and decoding. */
MUST_CHECK err pictures_input(const struct pictures *p, const struct view *v, int64_t sample,
                              float *x);

/** Height and width of the model's input as the configuration says; false where it does not. */
bool pictures_frame(struct view *v, int *height, int *width);

/** The recipe that the study's configuration holds, without class names.  *out is new, free with
 *  recipe_free.  Errors: ERR_FORMAT where it holds none. */
MUST_CHECK err pictures_recipe(struct view *v, struct recipe *out);

/** How many samples of the data set the study was limited to; 0: all. */
int64_t pictures_limit(struct view *v);
