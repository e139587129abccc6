#pragma once
/* The five sums per position from which every aggregate follows: struct stats in aggregate.h. */
#include "core/aggregate.h"
#include "core/real.h"

#include <math.h>
#include <stdint.h>

/* Names of the groups in which the five are made.  A NaN shows in the squares: the extremes take it
 * over from there where those are made, and watch for it themselves where they are not. */
enum {
  STATS_SQUARES = STATS_POS2 | STATS_NEG2,
  STATS_EXTREMES = STATS_MAX | STATS_MIN,
  STATS_ALL = STATS_SUM | STATS_SQUARES | STATS_EXTREMES
};

/* One function for each of these sets; see stats_set. */
enum stats_set {
  STATS_SET_SUM,
  STATS_SET_SQUARES,
  STATS_SET_SUM_SQUARES,
  STATS_SET_EXTREMES,
  STATS_SET_ALL,
  N_STATS_SETS
};

/** The smallest set that holds all that is wanted. */
enum stats_set stats_set(unsigned wanted);

/* The larger and the smaller of two numbers that are none of them NaN. */
static inline double stats_larger(double a, double b)
{
  return a < b ? b : a;
}
static inline double stats_smaller(double a, double b)
{
  return a > b ? b : a;
}

/* An extreme, or NaN where something else that was made of the same entries is. */
static inline double stats_unless_nan(double extreme, double witness)
{
  return witness != witness ? (double)NAN : extreme;
}

/** Entries that are a plain field, one per channel:  gamma_u[k] = v[k * stride + u].
 *
 *  v  [channels][positions of it] read only
 *  s  [n] the wanted are overwritten, others may be */
void stats_of_channels(const real *v, int channels, int64_t stride, int n, unsigned wanted,
                       const struct stats *s);

/** Entries that are products of two fields:  gamma_u[k] = a[k * stride + u] g[k * stride + u]. */
void stats_of_products(const real *a, const real *g, int channels, int64_t stride, int n,
                       unsigned wanted, const struct stats *s);

/** Entries that are a field with one weight a channel:  gamma_u[k] = w[k] a[k * stride + u]. */
void stats_of_weighted(const real *a, const double *w, int channels, int64_t stride, int n,
                       unsigned wanted, const struct stats *s);

/** Entries of an outer product x g', from the stats of x and of g, position by position:
 *
 *    sum = Sx Sg,  max = largest of the four products of extremes,  pos2 = x+^2 g+^2 + x-^2 g-^2, ...
 *
 *  x and g [n] read only, as far as `wanted` asks for, the squares for the extremes too; s as above.
 *  Source: METHODS 1.1, closed forms. */
void stats_of_outer_product(const struct stats *x, const struct stats *g, int n, unsigned wanted,
                            const struct stats *s);

/** Place five planes of n doubles at `memory` [5 * n]; returns them as stats. */
struct stats stats_at(double *memory, int64_t n);

/** The same planes from position `first` on. */
struct stats stats_from(const struct stats *s, int64_t first);
