/** @file
 *  Views of samples. */
#include "io/dataset_view.h"

#include "io/image_impl.h"
#include "io/objects.h"

#include <stdlib.h>
#include <string.h>

void dataset_view_pixels(const struct recipe *r, struct image *im)
{
  const int64_t n = (int64_t)im->height * im->width * im->channels;
  if (!r->view.invert) return;
  for (int64_t i = 0; i < n; i++) im->pixel[i] = (uint8_t)(255 - im->pixel[i]);
}

/** x of 255 - v, from x of v. */
static void invert(const struct recipe *r, int64_t stride, float *x)
{
  const int64_t n = (int64_t)r->height * r->width;
  for (int c = 0; c < r->channels; c++) {
    const double sum = (255.0 * r->scale - 2.0 * r->mean[c]) / r->std[c];
    for (int64_t u = 0; u < n; u++) x[c * stride + u] = (float)(sum - (double)x[c * stride + u]);
  }
}

static void rescale(const struct recipe *r, int64_t stride, float *x)
{
  const int64_t n = (int64_t)r->height * r->width;
  for (int c = 0; c < r->channels; c++) {
    for (int64_t u = 0; u < n; u++)
      x[c * stride + u] = (float)(r->view.factor * (double)x[c * stride + u] + r->view.offset);
  }
}

/** The object of a sample in its own image: 255 inside, 0 outside; an image without pixels where there
 *  is none. */
static err object_of(const struct dataset *d, int64_t i, const struct recipe *r, const int size[2],
                     struct image *out)
{
  const struct sample s = dataset_sample(d, i);
  if (r->view.masks) {
    char *path = objects_mask_file(r->view.masks, s.path);
    if (!path) return ERR_OK;
    const err e = image_read(path, 1, false, out);
    free(path);
    if (e) return err_trace(e, __FILE__, __LINE__);
    for (int64_t u = 0; u < (int64_t)out->height * out->width; u++)
      out->pixel[u] = out->pixel[u] ? 255 : 0;
    return ERR_OK;
  }
  if (!s.has_box) return ERR_OK;
  TRY(image_make(size[0], size[1], 1, out));
  memset(out->pixel, 0, (size_t)size[0] * (size_t)size[1]);
  for (int y = s.box[1]; y <= s.box[3] && y < size[0]; y++) {
    for (int k = s.box[0]; k <= s.box[2] && k < size[1]; k++)
      out->pixel[(int64_t)y * size[1] + k] = 255;
  }
  return ERR_OK;
}

/** Where the object is, the colour at which the input is 0. */
static err paint(const struct dataset *d, int64_t i, const struct recipe *r, const int size[2],
                 int64_t stride, float *x)
{
  struct recipe fit = *r;
  struct image object = {0};
  fit.filter = FILTER_NEAREST;
  fit.channels = 1;
  TRY(object_of(d, i, r, size, &object));
  if (!object.pixel) return ERR_OK;
  const err e = image_fit(&object, &fit);
  for (int64_t u = 0; u < (int64_t)r->height * r->width && !e; u++) {
    if (!object.pixel[u]) continue;
    for (int c = 0; c < r->channels; c++) x[c * stride + u] = 0.0F;
  }
  image_free(&object);
  return e;
}

err dataset_view_input(const struct dataset *d, int64_t i, const struct recipe *r, bool ready,
                       const int size[2], int64_t stride, float *x)
{
  if (ready && r->view.invert) invert(r, stride, x);
  if (r->view.rescaled) rescale(r, stride, x);
  if (r->view.blind) TRY(paint(d, i, r, size, stride, x));
  return ERR_OK;
}
