#pragma once
/* BatchNormalization as a linear operator, for rules that make it one with the operator before it. */
#include "core/op.h"

/** y = slope x + shift of one channel:  slope = scale / sqrt(variance + epsilon),
 *  shift = bias - slope mean;  slope_shift [2] overwritten. */
void batch_normalization_affine(const struct op_site *at, int channel, double slope_shift[2]);
