/** @file
 *  Resampling as Pillow does it: each output pixel is a weighted mean of the input pixels under a
 *  filter that is stretched when shrinking; weights are rounded to 22 bits; first along rows, then
 *  along columns, with 8-bit values in between.  A pass that would change nothing is left out. */
#include "io/image_impl.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BITS = 22, HALF = 1 << (BITS - 1) };
enum { MAX_WEIGHTS = 1 << 28 };

static double box(double x)
{
  return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

static double triangle(double x)
{
  return fabs(x) < 1.0 ? 1.0 - fabs(x) : 0.0;
}

/** Keys' cubic convolution with a = -1/2.  Source: Keys 1981, IEEE TASSP 29(6), equation (8). */
static double cubic(double x)
{
  const double a = -0.5, t = fabs(x);

  if (t < 1.0) return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
  if (t < 2.0) return (((t - 5.0) * t + 8.0) * t - 4.0) * a;
  return 0.0;
}

static double sinc(double x)
{
  return x == 0.0 ? 1.0 : sin(x * M_PI) / (x * M_PI);
}

static double lanczos(double x)
{
  return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
}

struct kernel {
  double support; /* zero beyond */
  double (*at)(double x);
};

static const struct kernel kernels[] = {
    [FILTER_BOX] = {0.5, box},
    [FILTER_BILINEAR] = {1.0, triangle},
    [FILTER_BICUBIC] = {2.0, cubic},
    [FILTER_LANCZOS] = {3.0, lanczos},
};

/* Along one axis: output i is the sum of weight[i * most + j] * input[first[i] + j], j < count[i]. */
struct taps {
  int most;
  int *first, *count; /* [out] owned */
  int32_t *weight;    /* [out * most] owned */
};

static void taps_free(struct taps *t)
{
  free(t->first);
  free(t->count);
  free(t->weight);
}

/** Weights of one output pixel, whose centre lies at `centre` of the input; w [count] is scratch. */
static void weigh(const struct kernel *k, double centre, double stretch, int first, int count,
                  double *w, int32_t *weight)
{
  const double inverse = 1.0 / stretch;
  double sum = 0.0;

  for (int j = 0; j < count; j++) {
    w[j] = k->at((j + first - centre + 0.5) * inverse);
    sum += w[j];
  }
  for (int j = 0; j < count; j++) {
    const double v = (sum != 0.0 ? w[j] / sum : w[j]) * (1 << BITS);
    weight[j] = (int32_t)(v < 0.0 ? v - 0.5 : v + 0.5);
  }
}

static void taps_fill(const struct kernel *k, int in, int out, double *w, struct taps *t)
{
  const double scale = (double)in / out, stretch = scale < 1.0 ? 1.0 : scale;
  const double support = k->support * stretch;

  for (int i = 0; i < out; i++) {
    const double centre = (i + 0.5) * scale;
    int first = (int)(centre - support + 0.5), end = (int)(centre + support + 0.5);
    if (first < 0) first = 0;
    if (end > in) end = in;
    t->first[i] = first;
    t->count[i] = end - first;
    weigh(k, centre, stretch, first, end - first, w, t->weight + (int64_t)i * t->most);
  }
}

static err taps_make(const struct kernel *k, int in, int out, struct taps *t)
{
  const double scale = (double)in / out;
  const double most = ceil(k->support * (scale < 1.0 ? 1.0 : scale)) * 2.0 + 1.0;

  CHECK(most * out <= MAX_WEIGHTS, ERR_FORMAT, "%d pixels to %d: too large a change of size", in,
        out);
  t->most = (int)most;
  t->first = calloc((size_t)out, sizeof *t->first);
  t->count = calloc((size_t)out, sizeof *t->count);
  t->weight = malloc((size_t)out * (size_t)t->most * sizeof *t->weight);
  double *w = malloc((size_t)t->most * sizeof *w);
  const bool made = t->first && t->count && t->weight && w;
  if (made) taps_fill(k, in, out, w, t);
  free(w);
  CHECK(made, ERR_MEMORY, "no memory to resize an image to %d pixels", out);
  return ERR_OK;
}

static uint8_t to_byte(int32_t sum)
{
  const int32_t v = sum >> BITS;
  return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void row_grey(const uint8_t *restrict in, const struct taps *t, int width,
                     uint8_t *restrict out)
{
  for (int x = 0; x < width; x++) {
    const int32_t *w = t->weight + (int64_t)x * t->most;
    const uint8_t *p = in + t->first[x];
    int32_t sum = HALF;
    for (int j = 0; j < t->count[x]; j++) sum += w[j] * p[j];
    out[x] = to_byte(sum);
  }
}

static void row_rgb(const uint8_t *restrict in, const struct taps *t, int width,
                    uint8_t *restrict out)
{
  uint8_t *to = out;

  for (int x = 0; x < width; x++, to += 3) {
    const int32_t *w = t->weight + (int64_t)x * t->most;
    const uint8_t *p = in + 3 * (int64_t)t->first[x];
    int32_t r = HALF, g = HALF, b = HALF;
    for (int j = 0; j < t->count[x]; j++, p += 3) {
      r += w[j] * p[0];
      g += w[j] * p[1];
      b += w[j] * p[2];
    }
    to[0] = to_byte(r);
    to[1] = to_byte(g);
    to[2] = to_byte(b);
  }
}

static void along_rows(const struct image *in, const struct taps *t, struct image *out)
{
  const size_t from = (size_t)in->width * (size_t)in->channels,
               to = (size_t)out->width * (size_t)in->channels;
  void (*row)(const uint8_t *, const struct taps *, int, uint8_t *) =
      in->channels == 1 ? row_grey : row_rgb;

  for (int y = 0; y < in->height; y++)
    row(in->pixel + (size_t)y * from, t, out->width, out->pixel + (size_t)y * to);
}

/** sum [width * channels] is scratch. */
static void along_columns(const struct image *in, const struct taps *t, int32_t *restrict sum,
                          struct image *out)
{
  const int64_t n = (int64_t)in->width * in->channels;

  for (int y = 0; y < out->height; y++) {
    for (int64_t i = 0; i < n; i++) sum[i] = HALF;
    for (int j = 0; j < t->count[y]; j++) {
      const int32_t w = t->weight[(int64_t)y * t->most + j];
      const uint8_t *restrict row = in->pixel + (t->first[y] + j) * n;
      for (int64_t i = 0; i < n; i++) sum[i] += w * row[i];
    }
    uint8_t *restrict to = out->pixel + y * n;
    for (int64_t i = 0; i < n; i++) to[i] = to_byte(sum[i]);
  }
}

static err resize_rows(const struct image *in, int width, const struct kernel *k, struct image *out)
{
  struct taps t = {0};
  err e = ERR_OK;

  TRY_DONE(taps_make(k, in->width, width, &t));
  TRY_DONE(image_make(in->height, width, in->channels, out));
  assert(t.first && t.count && t.weight);
  along_rows(in, &t, out);

done:
  taps_free(&t);
  return e;
}

static err resize_columns(const struct image *in, int height, const struct kernel *k,
                          struct image *out)
{
  struct taps t = {0};
  const size_t row = (size_t)in->width * (size_t)in->channels;
  assert(row > 0);
  int32_t *sum = malloc(row * sizeof *sum);
  err e = ERR_OK;

  CHECK_DONE(sum, ERR_MEMORY, "no memory to resize an image");
  TRY_DONE(taps_make(k, in->height, height, &t));
  TRY_DONE(image_make(height, in->width, in->channels, out));
  assert(t.first && t.count && t.weight);
  along_columns(in, &t, sum, out);

done:
  taps_free(&t);
  free(sum);
  return e;
}

static err two_passes(const struct image *in, int height, int width, const struct kernel *k,
                      struct image *out)
{
  struct image rows = {0};

  if (in->width == width) return resize_columns(in, height, k, out);
  TRY(resize_rows(in, width, k, &rows));
  if (in->height == height) {
    *out = rows;
    return ERR_OK;
  }
  const err e = resize_columns(&rows, height, k, out);
  image_free(&rows);
  return e;
}

/** The input pixel under each output pixel's centre; positions are stepped, not multiplied. */
static err pick_nearest(const struct image *in, int height, int width, struct image *out)
{
  const int c = in->channels;
  const double dy = (double)in->height / height, dx = (double)in->width / width;
  int *column = malloc((size_t)width * sizeof *column);

  CHECK(column, ERR_MEMORY, "no memory to resize an image");
  const err e = image_make(height, width, c, out);
  if (e) {
    free(column);
    return err_trace(e, __FILE__, __LINE__);
  }
  double at = dx * 0.5;
  for (int x = 0; x < width; x++, at += dx) column[x] = at < in->width ? (int)at : in->width - 1;
  at = dy * 0.5;
  for (int y = 0; y < height; y++, at += dy) {
    const uint8_t *row =
        in->pixel + (int64_t)(at < in->height ? (int)at : in->height - 1) * in->width * c;
    uint8_t *to = out->pixel + (int64_t)y * width * c;
    for (int x = 0; x < width; x++)
      memcpy(to + (int64_t)x * c, row + (int64_t)column[x] * c, (size_t)c);
  }
  free(column);
  return ERR_OK;
}

err image_resize(const struct image *in, int height, int width, enum recipe_filter filter,
                 struct image *out)
{
  CHECK(height > 0 && width > 0, ERR_USAGE, "cannot resize to %d x %d pixels", height, width);
  const int64_t most = limit_of(LIMIT_IMAGE_PIXELS);
  CHECK((int64_t)height * width <= most && (int64_t)in->height * width <= most, ERR_FORMAT,
        "resized to %d x %d pixels it would be more than the %d allowed%s", height, width,
        (int)most, limit_hint(LIMIT_IMAGE_PIXELS));
  if (in->height == height && in->width == width) {
    TRY(image_make(height, width, in->channels, out));
    memcpy(out->pixel, in->pixel, (size_t)height * (size_t)width * (size_t)in->channels);
    return ERR_OK;
  }
  if (filter == FILTER_NEAREST) return pick_nearest(in, height, width, out);
  return two_passes(in, height, width, &kernels[filter], out);
}
