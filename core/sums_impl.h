#pragma once
/* The inside of core/sums.c: its kernels, compiled for several instruction sets from sums_kernels.inc. */
#include "core/sums.h"

enum {
  SUMS_POSITIONS =
      768, /* of a tile of windows, of whole vectors: its sums stay in the first-level cache */
  SUMS_COLUMNS = 64, /* most columns of one */
  SUMS_ROWS = 32,    /* and rows */
  SUMS_LANES = 16,   /* of the widest vectors */
  SUMS_PAIR = 7,     /* columns of which two samples make such a vector, a zero behind each */
  SUMS_ALIGN = 64
};

/** Some columns of some rows of one sample, or all columns of two. */
struct sums_tile {
  int channels, width;
  int first, columns;     /* that are made; of two samples SUMS_LANES */
  int rows, above, below; /* rows that are made; whether the plane goes on there */
  int64_t stride, other;  /* other: of two samples, how far the second one is; else 0 */
  const real *a, *g;      /* the first row, of channel 0 */
  void *cells;            /* [SUMS_POSITIONS] of what is accumulated */
};

/** Sets of statistics of windows: enum stats_set, and all but the minimum. */
enum { SUMS_ALL_BUT_MIN = N_STATS_SETS, SUMS_SETS };

/** One instruction set. */
struct sums_kernels {
  int lanes;
  /* at least `lanes` positions: fields and products with all, or squares and, of products, the sum too */
  void (*flat_all)(const struct sums_flat *x);
  void (*flat_norms)(const struct sums_flat *x);
  /* out [rows, columns in whole vectors] */
  void (*windows[SUMS_SETS])(const struct sums_tile *t, const struct stats *out);
};

extern const struct sums_kernels sums_plain;
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
extern const struct sums_kernels sums_avx2, sums_avx512;
#endif
