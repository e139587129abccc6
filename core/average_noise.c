/** @file
 *  Copies with noise:  x + sigma z,  z standard normal, sigma = spread (max x - min x), of each image. */
#include "core/average_noise.h"

#include "core/random.h"

int noise_copies(const struct use *with)
{
  return (int)with->param[0];
}

static double range(const struct average_image *a)
{
  const int64_t n = (int64_t)a->height * a->width;
  real low = a->x[0], high = low;
  for (int k = 0; k < a->channels; k++) {
    for (int64_t u = 0; u < n; u++) {
      const real v = a->x[k * a->stride + u];
      low = v < low ? v : low;
      high = v > high ? v : high;
    }
  }
  return (double)high - (double)low;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type of struct average */
void noise_make(const struct average_site *s, real *to, real *less)
{
  const struct average_image *a = &s->image;
  const int64_t n = (int64_t)a->height * a->width;
  const double sigma = s->with->param[1] * range(a);
  double *u = s->work; /* one channel's */
  (void)less;
  for (int k = 0; k < a->channels; k++) {
    const struct random_place at = {.seed = s->seed,
                                    .stream = RANDOM_NOISE + RANDOM_STREAMS * (uint32_t)k,
                                    .copy = (uint32_t)s->copy,
                                    .sample = (uint64_t)s->sample};
    random_uniform(&at, n, u);
    for (int64_t i = 0; i < n; i++) {
      const int64_t p = k * a->stride + i;
      to[p] = (real)((double)a->x[p] + sigma * random_normal(u[i]));
    }
  }
}
