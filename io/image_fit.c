/** @file
 *  From an image to the model's input: resize, centre crop, normalise.  Sizes are computed as
 *  torchvision's Resize and CenterCrop compute them. */
#include "io/image_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/** Short side of an image to `side`; the long side is cut to an integer. */
static void short_side(int in_height, int in_width, int side, int64_t *height, int64_t *width)
{
  const bool tall = in_width <= in_height;
  const int64_t least = tall ? in_width : in_height, most = tall ? in_height : in_width;
  const int64_t other = (int64_t)((double)(side * most) / (double)least);

  *height = tall ? other : side;
  *width = tall ? side : other;
}

/** Extents after resizing. */
static void resized(const struct recipe *r, int in_height, int in_width, int64_t *height,
                    int64_t *width)
{
  *height = r->resize == RESIZE_EXACT ? r->resize_height : in_height;
  *width = r->resize == RESIZE_EXACT ? r->resize_width : in_width;
  if (r->resize == RESIZE_SHORT_SIDE) short_side(in_height, in_width, r->resize_to, height, width);
}

static err fit_size(struct image *im, const struct recipe *r)
{
  int64_t height = 0, width = 0;
  struct image out;

  resized(r, im->height, im->width, &height, &width);
  CHECK(height * width <= limit_of(LIMIT_IMAGE_PIXELS), ERR_FORMAT,
        "resized to %lld x %lld pixels it would be more than the %d allowed%s", (long long)height,
        (long long)width, (int)limit_of(LIMIT_IMAGE_PIXELS), limit_hint(LIMIT_IMAGE_PIXELS));
  if (height == im->height && width == im->width) return ERR_OK;
  TRY(image_resize(im, (int)height, (int)width, r->filter, &out));
  image_free(im);
  *im = out;
  return ERR_OK;
}

/** Where a centre crop starts: half of what is too much, ties to even; negative: the padding that a
 *  smaller image gets before it, half rounded down. */
static int crop_start(int size, int crop)
{
  if (size < crop) return -((crop - size) / 2);
  const int extra = size - crop, half = extra / 2;
  return extra % 2 != 0 && half % 2 != 0 ? half + 1 : half;
}

/** Centre crop; where the image is smaller it is padded with zeros. */
static err crop(struct image *im, int height, int width)
{
  const int c = im->channels, top = crop_start(im->height, height),
            left = crop_start(im->width, width);
  const int n = im->width < width ? im->width : width;
  struct image out;

  TRY(image_make(height, width, c, &out));
  memset(out.pixel, 0, (size_t)height * (size_t)width * (size_t)c);
  for (int y = 0; y < height; y++) {
    const int row = y + top;
    if (row < 0 || row >= im->height) continue;
    memcpy(out.pixel + ((int64_t)y * width + (left < 0 ? -left : 0)) * c,
           im->pixel + ((int64_t)row * im->width + (left < 0 ? 0 : left)) * c,
           (size_t)n * (size_t)c);
  }
  image_free(im);
  *im = out;
  return ERR_OK;
}

err image_fit(struct image *im, const struct recipe *r)
{
  TRY(fit_size(im, r));
  if (im->height == r->height && im->width == r->width) return ERR_OK;
  CHECK(r->crop, ERR_SHAPE,
        "the image is %d x %d pixels (height x width)%s, the model takes %d x %d; set --resize %d "
        "--crop centre, or --resize %dx%d to change the aspect",
        im->height, im->width, r->resize == RESIZE_NONE ? "" : " after resizing", r->height,
        r->width, r->height > r->width ? r->height : r->width, r->height, r->width);
  return crop(im, r->height, r->width);
}

/** Where pixels [start, start + n) of `resized` lie among `in`. */
static void back(int start, int n, int64_t resized, int in, int *first, int *count)
{
  const double scale = (double)in / (double)resized;
  *first = (int)floor(start * scale + 0.5);
  *count = (int)floor((start + n) * scale + 0.5) - *first;
  if (*count < 1) *count = 1;
}

struct image_part image_seen(const struct recipe *r, int height, int width)
{
  int64_t rows = 0, columns = 0;
  struct image_part p;

  resized(r, height, width, &rows, &columns);
  back(crop_start((int)rows, r->height), r->height, rows, height, &p.top, &p.rows);
  back(crop_start((int)columns, r->width), r->width, columns, width, &p.left, &p.columns);
  return p;
}

void image_fit_box(const struct recipe *r, const int size[2], const int box[4], double out[4])
{
  int64_t fitted[2];
  const int frame[2] = {r->height, r->width};

  resized(r, size[0], size[1], &fitted[0], &fitted[1]);
  for (int axis = 0; axis < 2; axis++) {
    const double by = (double)fitted[axis] / size[axis];
    const int start = crop_start((int)fitted[axis], frame[axis]);
    out[1 - axis] = box[1 - axis] * by - start;
    out[3 - axis] = (box[3 - axis] + 1) * by - start - 1.0;
  }
}

/** A byte has 256 values: normalise those, then look up. */
static void normalise_table(const struct recipe *r, int c, float table[256])
{
  for (int v = 0; v < 256; v++) table[v] = (float)((v * r->scale - r->mean[c]) / r->std[c]);
}

void image_normalise(const struct image *im, const struct recipe *r, int64_t stride, float *x)
{
  const int64_t n = (int64_t)im->height * im->width;
  float table[256];

  for (int c = 0; c < im->channels; c++) {
    const uint8_t *restrict pixel = im->pixel + (r->bgr ? im->channels - 1 - c : c);
    float *restrict plane = x + c * stride;
    normalise_table(r, c, table);
    for (int64_t u = 0; u < n; u++) plane[u] = table[pixel[u * im->channels]];
  }
}
