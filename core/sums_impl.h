#pragma once
/* The inside of core/sums.c: its kernels, compiled for several instruction sets from sums_kernels.inc. */
#include "core/sums.h"

enum {
  SUMS_LINE = 64,   /* columns of a tile of windows */
  SUMS_ROWS = 12,   /* most rows of one */
  SUMS_MARGIN = 16, /* numbers in front of a line and behind it: at least one vector */
  SUMS_PITCH = SUMS_LINE + 2 * SUMS_MARGIN,
  SUMS_ALIGN = 64
};

/** A run of a row: elements [from, from + n) after its first one go to [to, to + n) of a line. */
struct sums_piece {
  int64_t from;
  int to, n;
};

/** Some columns of some rows, of one sample or of several small ones side by side with a zero between.
 *  Lines stay in the first-level cache while channels go by. */
struct sums_tile {
  int channels, width, columns; /* columns: of a line that are made */
  int rows, above, below;       /* rows that are made; whether the plane goes on there */
  int n;                        /* pieces */
  int64_t stride;
  const real *a, *g; /* the first row, of channel 0 */
  struct sums_piece of_a[SUMS_LINE / 2], of_g[SUMS_LINE / 2];
  void *work; /* SUMS_ALIGN; sums_windows_bytes */
};

/** Sets of statistics of windows: enum stats_set, and all but the minimum. */
enum { SUMS_ALL_BUT_MIN = N_STATS_SETS, SUMS_SETS };

/** Statistics of a tile: doubles [rows][SUMS_PITCH] each. */
struct sums_result {
  double *sum, *max, *min, *pos2, *neg2;
};

/** One instruction set. */
struct sums_kernels {
  int lanes;
  /* at least `lanes` positions: fields and products with all, or squares and, of products, the sum too */
  void (*flat_all)(const struct sums_flat *x);
  void (*flat_norms)(const struct sums_flat *x);
  void (*windows[SUMS_SETS])(const struct sums_tile *t, const struct sums_result *out);
};

extern const struct sums_kernels sums_plain;
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
extern const struct sums_kernels sums_avx2, sums_avx512;
#endif

/** Bytes of the scratch of one tile, for the set of the widest vectors. */
size_t sums_tile_bytes(void);
