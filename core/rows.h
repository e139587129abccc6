#pragma once
/* Sums over rows of contiguous numbers, in double and in an order that the source decides: eight partial
 * sums, element i in sum i mod 8, added up pairwise at the end.  Parts of functions marked SIMD. */
#include "core/real.h"
#include "core/simd.h"

enum { ROWS_LANES = 8 };

/** ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)) */
SIMD_PART double rows_fold(const double *s)
{
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/** Sum of `term`, an expression in i, over i = 0 .. n - 1, into the double `out`. */
#define ROWS_SUM(n, term, out)                                              \
  do {                                                                      \
    double rows_lane[ROWS_LANES] = {0.0};                                   \
    int64_t rows_i = 0;                                                     \
    for (; rows_i + ROWS_LANES <= (n); rows_i += ROWS_LANES) {              \
      for (int rows_l = 0; rows_l < ROWS_LANES; rows_l++) {                 \
        const int64_t i = rows_i + rows_l;                                  \
        rows_lane[rows_l] += (term);                                        \
      }                                                                     \
    }                                                                       \
    for (int64_t i = rows_i; i < (n); i++) rows_lane[i - rows_i] += (term); \
    (out) = rows_fold(rows_lane);                                           \
  } while (0)
