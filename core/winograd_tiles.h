#pragma once
/* Planes cut into tiles that begin every `step` rows and columns, and back.  Tiles are numbered sample by
 * sample, row by row; up to WINOGRAD_LANES of them stand side by side, [places][WINOGRAD_LANES]. */
#include "core/winograd.h"

#include <stdbool.h>
#include <stdint.h>

struct tile_grid {
  int batch, down, across; /* samples; tiles of a plane */
  int extent[2];           /* rows and columns of a plane */
  int begin[2];            /* of the first tile, before the plane */
  int step, size;          /* 4 and 4 to 6, or 2 and 2: rows and columns of a tile */
};

/** Tiles of one tile row that are neighbours both there and in the lanes. */
struct tile_run {
  int lane, n;
  int64_t at;      /* of the first tile's corner, from the start of the channel */
  int top, bottom; /* rows [top, bottom) of the tiles are in the plane */
  int from, to;    /* columns [from, to) of all of them, too */
};

/** Where the tiles [first, first + n) lie: the same for every channel. */
struct tile_map {
  int step, size, runs;
  int64_t width, total; /* elements of a row, of a channel */
  struct tile_run run[WINOGRAD_LANES];
};

/** n at most WINOGRAD_LANES. */
void tiles_map(const struct tile_grid *g, int first, int n, struct tile_map *m);

/** d = tiles, zeros beyond the plane; lanes without a tile hold any numbers.
 *  x [batch, H, W] one channel, read only;  d [size, size, lanes] overwritten */
void tiles_gather(const struct tile_map *m, const real *x, real *d);

/** y = tiles that do not overlap, what they hold of the plane, plus a bias.
 *  d [step, step, lanes] read only;  y [batch, H, W] overwritten where there are tiles */
void tiles_scatter(const struct tile_map *m, const real *d, real bias, real *y);

/** dx += tiles, which overlap where size > step = 4: tile after tile at every place, so that the bits do
 *  not depend on the maps.
 *  d [size, size, lanes] read only;  dx [batch, H, W] accumulated */
void tiles_add(const struct tile_map *m, const real *d, real *dx);
