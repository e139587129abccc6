#pragma once
/* Gaussian blur of a plane. */
#include "core/real.h"

#include <stdint.h>

/** Scratch of blur_plane. */
int64_t blur_work_bytes(int height, int width);

/** Separable Gaussian, kernel cut off at four sigma; beyond the edges the last number goes on.
 *
 *  x, to [height, width]; may be the same.  sigma > 0 in pixels.  work [blur_work_bytes].  Sums in double. */
void blur_plane(const real *x, int height, int width, double sigma, void *work, real *to);
