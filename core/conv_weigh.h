#pragma once
/* Gradient of a convolution's weights and bias. */
#include "core/weigh.h"

extern const struct weigh conv_weigh;
