#pragma once
/* Random numbers that depend on what they are for alone: counted, not drawn, so that any number of ranks
 * and any order of work gives the same ones.  Philox4x32-10 (Random123): Salmon et al. 2011. */
#include <stdint.h>

/** What a number is for: four counters under a seed.  Numbers of different `stream`s have nothing to do with
 *  each other. */
struct random_place {
  uint64_t seed;
  uint32_t stream;
  uint32_t copy;
  uint64_t sample; /* of the whole data set */
};

/* Streams are one of these, plus RANDOM_STREAMS times a number such as that of a channel; below 256. */
enum {
  RANDOM_NOISE,
  RANDOM_PATH,
  RANDOM_BOOTSTRAP,
  RANDOM_SYNTHETIC, /* images of synthetic.h */
  RANDOM_FINE,
  RANDOM_CHOICE,
  RANDOM_SHIFT,
  RANDOM_OTHER,
  RANDOM_STREAMS = 8
};

/* Streams above those of channels, plus 0 to 7. */
enum { RANDOM_INITIAL = 240, RANDOM_SIGNAL = 248 };

/** n numbers, uniform in (0, 1), multiples of 2^-32 less half of one; u overwritten.  Number i depends on
 *  the place and i. */
void random_uniform(const struct random_place *at, int64_t n, double *u);

/** The number z below which a standard normal variate is with probability u, 0 < u < 1, to 1e-15 of |z|, or
 *  so: Wichura's AS 241 with a logarithm of our own, so that the mathematics library has no say in the
 *  bits. */
double random_normal(double u);
