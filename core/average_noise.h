#pragma once
/* What averages over noisy copies share. */
#include "core/average.h"

#define NOISE_PARAMS                                 \
  PARAM_WHOLE("n", 25.0, 1.0, 16777215.0, "copies"), \
      PARAM("spread", 0.15, 0.0, 1e6, "standard deviation of the noise over the image's range")

int noise_copies(const struct use *with);
void noise_make(const struct average_site *s, real *to, real *less);
