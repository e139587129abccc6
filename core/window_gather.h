#pragma once
/* The way back through weighted windows, gathered: what a cell of the input gets from the outputs
 * whose window it is in.  Output o sees row h as row k of its window where
 * o stride = h + begin - k dilation. */
#include "core/real.h"
#include "core/window.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window_gather {
  const struct window *window;
  int in[2], out[2];
  const real *dy;      /* [planes, out] read only */
  int64_t dy_total;    /* elements of dy */
  const real *weights; /* [kernel] read only; NULL: all are 1 */
  real *dx;            /* [planes, in] overwritten where `set`, else added to */
  int64_t dx_total;
  bool set;
  void *work; /* [window_gather_bytes] scratch */
};

/** Scratch of window_gather, from the window and the extents alone. */
size_t window_gather_bytes(const struct window_gather *g);

/** n planes of dx, from plane `to` on, from those of dy, from plane `from` on:
 *
 *    dx[h] (+)= sum over k, o with  o stride + k dilation - begin = h  of  weights[k] dy[o]
 *
 *  by ascending o.  Where dx is set, so are up to 15 elements behind the last plane, as far as there
 *  are: planes are to be set in ascending order. */
void window_gather(const struct window_gather *g, int64_t from, int64_t to, int64_t n);
