/** @file
 *  Smooth noise: blurred white noise, standardised. */
#include "core/blur.h"
#include "core/random.h"
#include "core/rows.h"
#include "core/synthetic.h"

#include <math.h>

static const struct param params[] = {
    PARAM("sigma", 0.125, 0.001, 1.0, "of the blur, in widths of the image"),
    PARAM("sd", 0.25, 0.0, 10.0, "standard deviation of a pixel"),
    PARAM("fine", 0.0, 0.0, 10.0, "standard deviation of white noise that is added"),
    {0}};

/** x = (x - mean) / deviation over all of it. */
static void standardise(int64_t n, real *x)
{
  double sum, squares;
  ROWS_SUM(n, (double)x[i], sum);
  const double mean = sum / (double)n;
  ROWS_SUM(n, ((double)x[i] - mean) * ((double)x[i] - mean), squares);
  const double deviation = sqrt(squares / (double)n);
  for (int64_t i = 0; i < n; i++)
    x[i] = (real)(((double)x[i] - mean) / (deviation > 0.0 ? deviation : 1.0));
}

static void make(const struct synthetic_site *s, real *pixels)
{
  const int channels = s->scale->channels;
  const int64_t n = (int64_t)s->height * s->width;
  const double sd = use_number(s->with, params, "sd"), fine = use_number(s->with, params, "fine");
  double *z = s->work, *scratch = z + n;
  for (int c = 0; c < channels; c++) {
    synthetic_normals(s, RANDOM_SYNTHETIC, c, n, z);
    for (int64_t i = 0; i < n; i++) pixels[c * n + i] = (real)z[i];
    blur_plane(pixels + c * n, s->height, s->width, use_number(s->with, params, "sigma") * s->width,
               scratch, pixels + c * n);
  }
  standardise(channels * n, pixels);
  for (int c = 0; c < channels; c++) {
    if (fine > 0.0) synthetic_normals(s, RANDOM_FINE, c, n, z);
    for (int64_t i = 0; i < n; i++) {
      const double more = fine > 0.0 ? fine * z[i] : 0.0;
      pixels[c * n + i] = synthetic_clip(0.5 + sd * (double)pixels[c * n + i] + more);
    }
  }
}

const struct synthetic synthetic_smooth = {
    .name = "smooth",
    .formula = "clip(0.5 + sd s + fine z), s white noise after a Gaussian blur, standardised over "
               "the image, z standard normal",
    .params = params,
    .make = make,
};
