#pragma once
/* Planes of depthwise 3x3 convolutions, compiled for the instruction sets that have fused multiply-add. */
#include "core/real.h"

#include <stdbool.h>
#include <stdint.h>

/** y[p, q] (+)= bias + ((r_0 + r_1) + r_2),
 *
 *    r_i = fma(w[i, 2], x_2, fma(w[i, 1], x_1, w[i, 0] x_0)),  x_j = x[p stride - begin[0] + i, q stride - begin[1] + j],
 *
 *  and 0 where x has no such place. */
struct depthwise_plane {
  const real *x; /* [in[0], in[1]] */
  real *y;       /* [out[0], out[1]] overwritten where `set`, else added to */
  int in[2], out[2], begin[2];
  const real *w; /* [3, 3] */
  real bias;
  bool set;
};

typedef void depthwise_plane_of(const struct depthwise_plane *p);

/** Forward with stride 1 or 2, and back with stride 2: then x is the signal of the outputs, `in` their extents,
 *  y and `out` those of the inputs, begin the padding of forward, and
 *
 *    y[h, q] (+)= r_2 of row p - 1 + r_0 of row p  for h + begin[0] = 2 p,   r_1 of row p  for 2 p + 1,
 *    r_i of a row = fma(w[i, 0], x[s], w[i, 2] x[s - 1])  for q + begin[1] = 2 s,   w[i, 1] x[s]  for 2 s + 1. */
enum depthwise_way { DEPTHWISE_STRIDE_1, DEPTHWISE_STRIDE_2, DEPTHWISE_BACK_2, DEPTHWISE_WAYS };

/** NULL where this CPU has no such instructions: its sums round each product. */
depthwise_plane_of *depthwise_plane(enum depthwise_way way);

#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
extern depthwise_plane_of *const depthwise_plane_avx2[DEPTHWISE_WAYS],
    *const depthwise_plane_avx512[DEPTHWISE_WAYS];
#endif
