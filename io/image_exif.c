/** @file
 *  EXIF orientation.  Source: TIFF 6.0 section 2 (structure), Exif 2.3 section 4.6.4 (tag 0x0112). */
#include "io/image_impl.h"

#include <string.h>

/* A TIFF structure that is only read within its bytes. */
struct tiff {
  const uint8_t *bytes;
  size_t n;
  bool big_endian;
};

/** Unsigned number of `size` bytes at `at`; 0 where it would leave the structure. */
static uint32_t number(const struct tiff *t, size_t at, size_t size)
{
  uint32_t v = 0;

  if (at > t->n || size > t->n - at) return 0;
  for (size_t i = 0; i < size; i++) v = v << 8 | t->bytes[at + (t->big_endian ? i : size - 1 - i)];
  return v;
}

int image_orientation(const uint8_t *tiff, size_t n)
{
  enum { MAGIC = 42, TAG = 0x0112, SHORT = 3, LONG = 4, ENTRY = 12 };
  const struct tiff t = {tiff, n, n > 0 && tiff[0] == 'M'};

  if (n < 8 || (tiff[0] != 'I' && tiff[0] != 'M') || tiff[1] != tiff[0]) return 1;
  if (number(&t, 2, 2) != MAGIC) return 1;
  const size_t first = number(&t, 4, 4);
  const size_t entries = number(&t, first, 2);
  for (size_t i = 0; i < entries && first + 2 + (i + 1) * ENTRY <= n; i++) {
    const size_t at = first + 2 + i * ENTRY;
    const uint32_t type = number(&t, at + 2, 2);
    if (number(&t, at, 2) != TAG) continue;
    if ((type != SHORT && type != LONG) || number(&t, at + 4, 4) != 1) return 1;
    const uint32_t v = number(&t, at + 8, type == SHORT ? 2 : 4);
    return v >= 1 && v <= 8 ? (int)v : 1;
  }
  return 1;
}

/* How the upright image is read from the stored one: transpose first, then mirror. */
struct turn {
  bool transpose, mirror_rows, mirror_columns;
};

static const struct turn turns[9] = {
    [2] = {false, false, true}, [3] = {false, true, true}, [4] = {false, true, false},
    [5] = {true, false, false}, [6] = {true, true, false}, [7] = {true, true, true},
    [8] = {true, false, true},
};

/** Index of the stored pixel that belongs at (y, x) of the upright image. */
static int64_t stored(const struct image *im, const struct turn *t, int y, int x)
{
  const int row = t->transpose ? x : y, column = t->transpose ? y : x;

  return (int64_t)(t->mirror_rows ? im->height - 1 - row : row) * im->width +
         (t->mirror_columns ? im->width - 1 - column : column);
}

err image_turn(struct image *im, int orientation)
{
  const struct turn *t = &turns[orientation];
  const int64_t c = im->channels;
  struct image out = {0};

  if (orientation == 1) return ERR_OK;
  TRY(image_make(t->transpose ? im->width : im->height, t->transpose ? im->height : im->width,
                 im->channels, &out));
  for (int y = 0; y < out.height; y++) {
    uint8_t *to = out.pixel + (int64_t)y * out.width * c;
    for (int x = 0; x < out.width; x++, to += c)
      memcpy(to, im->pixel + stored(im, t, y, x) * c, (size_t)c);
  }
  image_free(im);
  *im = out;
  return ERR_OK;
}
