#pragma once
/* Decoding and resampling of images, equal to Pillow's bit for bit.
 * The one owner of png.h and jpeglib.h for reading. */
#include "core/err.h"
#include "io/recipe.h"

#include <stddef.h>
#include <stdint.h>

struct image {
  int height, width, channels; /* channels 1 or 3 */
  uint8_t *pixel;              /* [height, width, channels] owned */
};

/** Decode a JPEG or PNG held in memory to grey or RGB.
 *  channels: 1 or 3; conversion as Pillow's convert("L") or convert("RGB"); a 16-bit image keeps its
 *  high bytes.  exif: turn it as its EXIF orientation says.
 *  Errors: ERR_FORMAT with the reason (not an image, truncated, too large), never a crash. */
MUST_CHECK err image_decode(const uint8_t *bytes, size_t n, int channels, bool exif,
                            struct image *out);

/** Read and decode a file.  Errors: as image_decode; ERR_INPUT when it cannot be read. */
MUST_CHECK err image_read(const char *path, int channels, bool exif, struct image *out);

void image_free(struct image *im);

/** Pillow's two-pass 8-bit resampling.  out->pixel is new. */
MUST_CHECK err image_resize(const struct image *in, int height, int width,
                            enum recipe_filter filter, struct image *out);

/** Resize and crop as the recipe says; `im` is replaced.
 *  Errors: ERR_SHAPE when the result is not height x width (says what to set). */
MUST_CHECK err image_fit(struct image *im, const struct recipe *r);

/** The part of an image of height x width pixels that the model sees by the recipe, in whole pixels of the
 *  image, rounded: rows [top, top + rows), columns [left, left + columns).  It reaches beyond the image
 *  where the recipe pads. */
struct image_part {
  int top, left, rows, columns;
};
struct image_part image_seen(const struct recipe *r, int height, int width);

/** Where a box (xmin, ymin, xmax, ymax; pixels of an image of size[2], height and width, ends included) lies in
 *  the model's frame; maybe outside.  out as box. */
void image_fit_box(const struct recipe *r, const int size[2], const int box[4], double out[4]);

/** Normalise into planes:  x[c * stride + u] = (pixel[u, c'] * scale - mean[c]) / std[c], computed in
 *  double and rounded once to float; c' = c, or reversed for BGR models. */
void image_normalise(const struct image *im, const struct recipe *r, int64_t stride, float *x);

/** Names and versions of the decoding libraries, e.g. "libpng 1.6.39". */
const char *image_png_version(void);
const char *image_jpeg_version(void);
