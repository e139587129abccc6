/** @file
 *  Decoding: which format the bytes are, then grey or RGB as asked for. */
#include "io/image.h"

#include "io/file.h"
#include "io/image_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

err image_make(int height, int width, int channels, struct image *out)
{
  const size_t bytes = (size_t)height * (size_t)width * (size_t)channels;
  uint8_t *pixel = malloc(bytes);

  CHECK(pixel, ERR_MEMORY, "no memory for an image of %d x %d pixels", height, width);
  *out = (struct image){height, width, channels, pixel};
  return ERR_OK;
}

void image_free(struct image *im)
{
  if (!im) return;
  free(im->pixel);
  *im = (struct image){0};
}

err image_begin(struct decoding *d, int64_t height, int64_t width, int channels)
{
  const bool too_large =
      height > INT32_MAX || width > INT32_MAX || height * width > limit_of(LIMIT_IMAGE_PIXELS);

  d->height = height > INT32_MAX ? INT32_MAX : (int)height;
  d->width = width > INT32_MAX ? INT32_MAX : (int)width;
  d->fault = too_large ? IMAGE_TOO_LARGE : IMAGE_DAMAGED;
  CHECK(!too_large, ERR_FORMAT, "%d x %d pixels are more than the %d allowed%s", d->height,
        d->width, (int)limit_of(LIMIT_IMAGE_PIXELS), limit_hint(LIMIT_IMAGE_PIXELS));
  CHECK(height > 0 && width > 0, ERR_FORMAT, "an image of %d x %d pixels", d->height, d->width);
  d->fault = IMAGE_NO_MEMORY;
  TRY(image_make(d->height, d->width, channels, &d->im));
  d->fault = IMAGE_SOUND;
  return ERR_OK;
}

/** y = (19595 R + 38470 G + 7471 B + 2^15) / 2^16 */
static void rgb_to_grey(const uint8_t *restrict rgb, int64_t n, uint8_t *restrict grey)
{
  for (int64_t i = 0; i < n; i++) {
    const uint32_t sum = 19595U * rgb[3 * i] + 38470U * rgb[3 * i + 1] + 7471U * rgb[3 * i + 2];
    grey[i] = (uint8_t)((sum + 0x8000U) >> 16);
  }
}

static void grey_to_rgb(const uint8_t *restrict grey, int64_t n, uint8_t *restrict rgb)
{
  for (int64_t i = 0; i < n; i++) rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = grey[i];
}

err image_convert(struct image *im, int channels)
{
  const int64_t n = (int64_t)im->height * im->width;
  struct image out = {0};

  if (im->channels == channels) return ERR_OK;
  TRY(image_make(im->height, im->width, channels, &out));
  assert(out.pixel);
  (channels == 1 ? rgb_to_grey : grey_to_rgb)(im->pixel, n, out.pixel);
  image_free(im);
  *im = out;
  return ERR_OK;
}

/* A format by the bytes that it starts with. */
struct format {
  size_t n;
  uint8_t start[8];
  err (*decode)(struct decoding *d);
};

static const struct format formats[] = {
    {3, {0xFF, 0xD8, 0xFF}, image_from_jpeg},
    {8, {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'}, image_from_png},
};

static const struct format *format_of(const uint8_t *bytes, size_t n)
{
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (n >= formats[i].n && memcmp(bytes, formats[i].start, formats[i].n) == 0) return &formats[i];
  return NULL;
}

err image_decode_into(struct decoding *d, int channels)
{
  const struct format *format = d->n ? format_of(d->bytes, d->n) : NULL;

  d->orientation = 1;
  d->fault = d->n ? IMAGE_FOREIGN : IMAGE_EMPTY;
  CHECK(d->n, ERR_FORMAT, "the file is empty");
  CHECK(format, ERR_FORMAT, "neither JPEG nor PNG");
  TRY(format->decode(d));
  d->fault = IMAGE_NO_MEMORY;
  TRY(image_convert(&d->im, channels));
  if (d->exif) TRY(image_turn(&d->im, d->orientation));
  d->fault = IMAGE_SOUND;
  return ERR_OK;
}

err image_decode(const uint8_t *bytes, size_t n, int channels, bool exif, struct image *out)
{
  struct decoding d = {.bytes = bytes, .n = n, .exif = exif};
  const err e = image_decode_into(&d, channels);

  if (e) {
    image_free(&d.im);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = d.im;
  return ERR_OK;
}

err image_read(const char *path, int channels, bool exif, struct image *out)
{
  char reason[512];
  uint8_t *bytes = NULL;
  size_t n = 0;

  TRY(file_read(path, LIMIT_FILE_BYTES, &bytes, &n));
  const err e = image_decode(bytes, n, channels, exif, out);
  free(bytes);
  if (!e) return ERR_OK;
  const size_t length = strnlen(err_message(), sizeof reason - 1);
  memcpy(reason, err_message(), length);
  reason[length] = 0;
  return FAIL(e, "%s: %s", path, reason);
}
