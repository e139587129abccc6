/** @file
 *  Expected gradients: integrated gradients over a set of baselines, one drawn for every copy with a place on
 *  the path. */
#include "core/average.h"
#include "core/random.h"

static const struct param params[] = {PARAM_WHOLE("n", 200.0, 1.0, 16777215.0, "copies"), {0}};

static int copies(const struct use *with)
{
  return (int)with->param[0];
}

static void make(const struct average_site *s, real *to, real *less)
{
  const struct average_image *a = &s->image;
  const int64_t n = (int64_t)a->height * a->width;
  const struct random_place at = {.seed = s->seed,
                                  .stream = RANDOM_PATH,
                                  .copy = (uint32_t)s->copy,
                                  .sample = (uint64_t)s->sample};
  double u[2];
  random_uniform(&at, 2, u);
  const int drawn = (int)(u[0] * s->n_baselines);
  for (int k = 0; k < a->channels; k++) {
    const real *baseline = s->baselines + ((int64_t)drawn * a->channels + k) * n;
    for (int64_t i = 0; i < n; i++) {
      const int64_t p = k * a->stride + i;
      const double way = (double)a->x[p] - (double)baseline[i];
      less[p] = (real)way;
      to[p] = (real)((double)baseline[i] + u[1] * way);
    }
  }
}

const struct average average_expected_gradients = {
    .name = "expected_gradients",
    .formula =
        "g becomes the mean of (x - x') g(x' + t (x - x')), x' drawn from --baseline, t uniform",
    .limits = "what is as in most baselines",
    .source = "Erion et al. 2021, arXiv:1906.10670",
    .params = params,
    .of = "gradient/bias/sum",
    .input_only = true,
    .wants_baselines = true,
    .keeps = AVERAGE_PRODUCTS,
    .copies = copies,
    .make = make,
};
