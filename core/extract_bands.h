#pragma once
/* All extracts of some samples at one tap, band of rows by band of rows. */
#include "core/extract.h"

struct extract_bands {
  struct extract_site at; /* of the first sample */
  int samples;            /* whose planes lie one behind the other in all fields */
  int rows;               /* of a band, from 1; results do not depend on it */
  const unsigned *wanted; /* [N_EXTRACTS] STATS_* of each extract, 0 for one that is not wanted */
  void *work;             /* [extract_bands_bytes] scratch, aligned for double */
  void *who;
  /** Take the stats s [n] of an extract at the positions [first, first + n) of a sample. */
  void (*take)(void *who, int sample, int extract, int64_t first, int n, const struct stats *s);
};

/** Rows of a band that stays in the caches. */
int extract_bands_rows(int height, int width);

/** Bytes of scratch for bands of so many rows, of a site of which no more than height, width and channels are
 *  read.  input: positions of the convolution's input where an extract reads it, else 0. */
size_t extract_bands_bytes(const struct extract_site *at, int samples, int rows, int64_t input);

/** Give the stats of every wanted extract of every sample to `take`.  Cannot fail; allocates nothing. */
void extract_bands_run(const struct extract_bands *b);
