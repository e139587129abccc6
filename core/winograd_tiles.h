#pragma once
/* Planes cut into tiles of 4 x 4 that begin every four rows and columns, and back.  Tiles are numbered
 * sample by sample, row by row; `lanes` of them stand side by side, [places][lanes]. */
#include "core/real.h"

#include <stdbool.h>
#include <stdint.h>

struct tile_grid {
  int batch, down, across; /* samples; tiles of a plane */
  int extent[2];           /* rows and columns of a plane */
  int begin[2];            /* of the first tile, before the plane */
};

struct tile_block {
  int first, n; /* tiles [first, first + n) */
  int lanes;    /* >= n, a multiple of WINOGRAD_LANES */
};

/** d = tiles of size x size, size 4 or 6, zeros beyond the plane and in lanes without a tile.
 *  x [batch, H, W] one channel, read only;  d [size, size, lanes] overwritten */
void tiles_gather(const struct tile_grid *g, const struct tile_block *b, int size, const real *x,
                  real *d);

/** y = tiles of 4 x 4, what they hold of the plane, plus a bias.
 *  d [4, 4, lanes] read only;  y [batch, H, W] overwritten where there are tiles */
void tiles_scatter(const struct tile_grid *g, const struct tile_block *b, const real *d, real bias,
                   real *y);

/** dx += tiles of 6 x 6, which overlap by two: tile after tile at every place, so that the bits do not
 *  depend on the blocks.
 *  d [6, 6, lanes] read only;  dx [batch, H, W] accumulated */
void tiles_add(const struct tile_grid *g, const struct tile_block *b, const real *d, real *dx);
