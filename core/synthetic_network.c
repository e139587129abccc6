/** @file
 *  Normal numbers where the network sees them: after normalisation. */
#include "core/random.h"
#include "core/synthetic.h"

static const struct param params[] = {PARAM("sd", 1.0, 0.0, 10.0, "standard deviation"), {0}};

static void make(const struct synthetic_site *s, real *pixels)
{
  const int64_t n = (int64_t)s->height * s->width;
  const double sd = use_number(s->with, params, "sd");
  const struct pixel_scale *scale = s->scale;
  for (int c = 0; c < scale->channels; c++) {
    synthetic_normals(s, RANDOM_SYNTHETIC, c, n, s->work);
    for (int64_t i = 0; i < n; i++) {
      pixels[c * n + i] =
          synthetic_clip((scale->mean[c] + scale->std[c] * sd * s->work[i]) / scale->gain);
    }
  }
}

const struct synthetic synthetic_network = {
    .name = "network",
    .formula = "the network's input is sd z, z standard normal; pixels clipped",
    .params = params,
    .make = make,
};
