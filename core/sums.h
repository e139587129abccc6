#pragma once
/* Statistics over the channels of an activation a and a signal g, in vectors: what several extracts share
 * of one reading, and the 3x3 windows of the depthwise one.
 *
 * Every sum is made in one order whatever the vectors, and nothing is contracted that rounds twice: the
 * bits are those of plain C on every CPU. */
#include "core/real.h"
#include "core/stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Entries a_k, g_k, a_k g_k and w_k a_k at n positions, in one reading of both fields. */
struct sums_flat {
  int channels, n;
  int64_t stride;                      /* between channels */
  const real *a, *g;                   /* [channels][n] read only */
  const double *w;                     /* [channels], or NULL */
  unsigned wanted_of_fields;           /* STATS_* of a and of g */
  unsigned wanted_of_products;         /* STATS_* */
  struct stats of_a, of_g, of_product; /* [n] overwritten, others than the wanted maybe too */
  double *weighted_sum;                /* [n] overwritten; with w */
};

/** Whether sums_flat is faster here than one call of stats_of_* for each of them. */
bool sums_has_flat(const struct sums_flat *x);

/** The same bits as stats_of_channels, stats_of_products and, the sum alone, stats_of_weighted. */
void sums_flat(const struct sums_flat *x);

/** Entries a[k, u + d] g[k, u] over channels k and the zero-padded 3x3 windows d of each position u of some
 *  rows, of samples that lie one behind the other. */
struct sums_windows {
  int channels, height, width, samples;
  int64_t stride; /* between channels */
  const real *a, *g;
  int row, rows;
  unsigned wanted;  /* STATS_* */
  void *work;       /* sums_windows_bytes */
  struct stats out; /* [samples, rows, width] overwritten, others than the wanted maybe too */
};

void sums_windows(const struct sums_windows *x);
size_t sums_windows_bytes(void);
