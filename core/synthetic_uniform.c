/** @file
 *  Independent uniform pixels. */
#include "core/random.h"
#include "core/synthetic.h"

static void make(const struct synthetic_site *s, real *pixels)
{
  const int64_t n = (int64_t)s->height * s->width;
  for (int c = 0; c < s->scale->channels; c++) {
    synthetic_uniforms(s, RANDOM_SYNTHETIC, c, n, s->work);
    for (int64_t i = 0; i < n; i++) pixels[c * n + i] = (real)s->work[i];
  }
}

const struct synthetic synthetic_uniform = {
    .name = "uniform",
    .formula = "uniform in [0, 1], every pixel and channel by itself",
    .make = make,
};
