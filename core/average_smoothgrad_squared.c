/** @file
 *  SmoothGrad squared: the mean squared signal of noisy copies. */
#include "core/average_noise.h"

static const struct param params[] = {NOISE_PARAMS, {0}};

const struct average average_smoothgrad_squared = {
    .name = "smoothgrad_squared",
    .formula = "g becomes the mean of g(x + z)^2, z as in smoothgrad",
    .limits = "signs: its map is that of large gradients anywhere near",
    .source = "Smilkov et al. 2017, arXiv:1706.03825; Hooker et al. 2019, arXiv:1806.10758",
    .params = params,
    .of = "gradient/bias/maxabs",
    .keeps = AVERAGE_SQUARES,
    .copies = noise_copies,
    .make = noise_make,
};
