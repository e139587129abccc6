/** @file
 *  SmoothGrad: the mean signal of noisy copies. */
#include "core/average_noise.h"

static const struct param params[] = {NOISE_PARAMS, {0}};

const struct average average_smoothgrad = {
    .name = "smoothgrad",
    .formula =
        "g becomes the mean of g(x + z), z normal with standard deviation spread (max x - min x)",
    .limits = "for or against, as the gradient; detail finer than the noise lets through",
    .source = "Smilkov et al. 2017, arXiv:1706.03825",
    .params = params,
    .of = "gradient/bias/maxabs",
    .keeps = AVERAGE_MEAN,
    .copies = noise_copies,
    .make = noise_make,
};
