/** @file
 *  Independent normal pixels. */
#include "core/synthetic.h"

static const struct param params[] = {
    PARAM("sd", 0.25, 0.0, 10.0, "standard deviation"), PARAM("mean", 0.5, 0.0, 1.0, "mean"), {0}};

static void make(const struct synthetic_site *s, real *pixels)
{
  synthetic_normal_about(s, use_number(s->with, params, "mean"), use_number(s->with, params, "sd"),
                         pixels);
}

const struct synthetic synthetic_normal = {
    .name = "normal",
    .formula = "clip(mean + sd z), z standard normal, every pixel and channel by itself",
    .params = params,
    .make = make,
};
