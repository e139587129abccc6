/** @file
 *  One of the other distributions at a time. */
#include "core/random.h"
#include "core/synthetic.h"

static const char *const parts[] = {"normal", "uniform", "smooth", "grey"};
enum { PARTS = sizeof parts / sizeof *parts };

static void make(const struct synthetic_site *s, real *pixels)
{
  double u;
  synthetic_uniforms(s, RANDOM_CHOICE, 0, 1, &u);
  const struct synthetic *d = synthetic_find(parts[(int)(u * PARTS)]);
  const struct synthetic_use one = {d, use_default(d->name, d->params)};
  synthetic_make(&one, *s, pixels);
}

const struct synthetic synthetic_mixture = {
    .name = "mixture",
    .formula = "normal, uniform, smooth or grey, each with probability 1/4",
    .make = make,
};
