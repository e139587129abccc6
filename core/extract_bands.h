#pragma once
/* All extracts of one sample at one tap, band of rows by band of rows. */
#include "core/extract.h"

struct extract_bands {
  struct extract_site at;
  int rows;               /* of a band, from 1; results do not depend on it */
  const unsigned *wanted; /* [N_EXTRACTS] STATS_* of each extract, 0 for one that is not wanted */
  void *work;             /* [extract_bands_bytes] scratch, aligned for double */
  void *who;
  /** Take the stats s [n] of an extract at the positions [first, first + n). */
  void (*take)(void *who, int extract, int64_t first, int n, const struct stats *s);
};

/** Rows of a band that stays in the caches. */
int extract_bands_rows(int height, int width);

/** Bytes of scratch for bands of so many rows.  input: positions of the convolution's input where an extract
 *  reads it, else 0. */
size_t extract_bands_bytes(int channels, int height, int width, int rows, int64_t input);

/** Give the stats of every wanted extract to `take`.  Cannot fail; allocates nothing. */
void extract_bands_run(const struct extract_bands *b);
