/** @file
 *  VarGrad: the variance of the signal over noisy copies. */
#include "core/average_noise.h"

static const struct param params[] = {NOISE_PARAMS, {0}};

const struct average average_vargrad = {
    .name = "vargrad",
    .formula = "g becomes the population variance of g(x + z), z as in smoothgrad",
    .limits = "what does not change under the noise, however important",
    .source = "Adebayo et al. 2018, arXiv:1810.03307",
    .params = params,
    .of = "gradient/bias/maxabs",
    .keeps = AVERAGE_MEAN | AVERAGE_SQUARES,
    .copies = noise_copies,
    .make = noise_make,
};
