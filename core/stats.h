#pragma once
/* The five sums per position from which every aggregate follows: struct stats in aggregate.h. */
#include "core/aggregate.h"
#include "core/real.h"

#include <stdint.h>

/* Positions handled together: five double accumulators of so many entries stay in the first-level
 * cache while the channels stream by. */
enum { STATS_BLOCK = 256 };

/* The larger and the smaller of two numbers; a NaN wins, so that it shows in every aggregate. */
static inline double stats_larger(double a, double b)
{
  return (a > b) | (a != a) ? a : b;
}
static inline double stats_smaller(double a, double b)
{
  return (a < b) | (a != a) ? a : b;
}

/** Begin positions [first, first + n) of s: no entry yet. */
void stats_begin(const struct stats *s, int64_t first, int n);

/** Take one more entry of the extract into account at positions [first, first + n).
 *  gamma [n] read only; s accumulated. */
void stats_add(const struct stats *s, int64_t first, int n, const double *gamma);

/** Stats of a plain vector field:  gamma_u[k] = v[k * stride + u].
 *  v read only; s overwritten at all positions. */
void stats_of_channels(const real *v, int channels, int64_t positions, int64_t stride,
                       const struct stats *s);

/** Entries of an outer product x g', from the stats of x and of g, position by position:
 *
 *    sum = Sx Sg,  max = largest of the four products of extremes,  pos2 = x+^2 g+^2 + x-^2 g-^2, ...
 *
 *  x and g read only; s overwritten at n positions.  Source: METHODS 1.1, closed forms. */
void stats_of_outer_product(const struct stats *x, const struct stats *g, int64_t n,
                            const struct stats *s);

/** Place five planes of n doubles at `memory` [5 * n]; returns them as stats. */
struct stats stats_at(double *memory, int64_t n);
