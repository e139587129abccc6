#pragma once
/* Percentiles of numbers in no order. */
#include "core/real.h"

#include <stdbool.h>
#include <stdint.h>

/** The q-th percentile, 0 <= q <= 100, of n > 0 numbers: with h = q / 100 (n - 1) the one of rank h from
 *  0 after sorting, h rounded to the nearest, halves to even; or, where `linear`, between the two
 *  neighbours of h in proportion.  NaN where one of them is NaN.
 *
 *  v [n] is put into another order.
 *  Source: numpy's percentile, methods `nearest` and `linear`. */
real order_percentile(real *v, int64_t n, double q, bool linear);
