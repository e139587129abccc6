#pragma once
/* Making an image larger by cubic interpolation. */
#include "core/real.h"

#include <stddef.h>
#include <stdint.h>

/** Cubic convolution with a = -0.75 between pixel centres (align_corners = False), separable, beyond the
 *  border the border's pixels:
 *
 *    src = (d + 0.5) in / out - 0.5,  i = floor(src),  out[d] = sum over k = -1..2 of w(k - (src - i)) in[i + k]
 *    w(t) = (a + 2) |t|^3 - (a + 3) t^2 + 1  for |t| <= 1,  a |t|^3 - 5 a t^2 + 8 a |t| - 4 a  for |t| < 2
 *
 *  computed in double, rows then columns, and rounded once.  Shrinking does not average.
 *
 *  in   [in_size[0], in_size[1]]    read only
 *  out  [out_size[0], out_size[1]]  overwritten
 *  work [bicubic_work(in_size, out_size)] scratch
 *  Cannot fail.  Source: Keys 1981, doi:10.1109/TASSP.1981.1163711; a as PyTorch and OpenCV have it. */
void bicubic(const real *in, const int in_size[2], real *out, const int out_size[2], double *work);

/** Doubles of scratch. */
size_t bicubic_work(const int in_size[2], const int out_size[2]);
