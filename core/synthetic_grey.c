/** @file
 *  A grey image with a little noise. */
#include "core/synthetic.h"

static const struct param params[] = {PARAM("sd", 0.1, 0.0, 10.0, "standard deviation"), {0}};

static void make(const struct synthetic_site *s, real *pixels)
{
  synthetic_normal_about(s, 0.5, use_number(s->with, params, "sd"), pixels);
}

const struct synthetic synthetic_grey = {
    .name = "grey",
    .formula = "clip(0.5 + sd z), z standard normal",
    .params = params,
    .make = make,
};
