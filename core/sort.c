/** @file
 *  Radix sort of doubles by their bits, least significant digit first. */
#include "core/sort.h"

#include <math.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 6, BUCKETS = 1 << DIGIT_BITS };

/** An integer in the same order as the number; 0 for -0, the largest for NaN. */
static uint64_t key_of(double v)
{
  uint64_t bits;
  if (v != v) return UINT64_MAX;
  v += 0.0; /* -0 to 0 */
  memcpy(&bits, &v, sizeof bits);
  return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

size_t sort_work_doubles(int64_t n)
{
  return (size_t)(4 * n + 2);
}

/** One digit: the indices in `from` go to `to` by it; false where all have the same one. */
static int pass(const uint64_t *key, int64_t n, int digit, const int32_t *from, int32_t *to)
{
  static const uint64_t mask = BUCKETS - 1;
  const int shift = digit * DIGIT_BITS;
  int32_t at[BUCKETS] = {0}, sum = 0;
  for (int64_t i = 0; i < n; i++) at[key[i] >> shift & mask]++;
  if (n && at[key[0] >> shift & mask] == n) return 0;
  for (int b = 0; b < BUCKETS; b++) {
    const int32_t count = at[b];
    at[b] = sum;
    sum += count;
  }
  for (int64_t i = 0; i < n; i++) to[at[key[from[i]] >> shift & mask]++] = from[i];
  return 1;
}

void sort_order(const double *v, int64_t n, int32_t *order, double *work)
{
  uint64_t *key = (uint64_t *)work;
  int32_t *from = order, *to = (int32_t *)(key + n);
  for (int64_t i = 0; i < n; i++) {
    key[i] = key_of(v[i]);
    order[i] = (int32_t)i;
  }
  for (int digit = 0; digit < DIGITS; digit++) {
    if (!pass(key, n, digit, from, to)) continue;
    int32_t *swap = from;
    from = to;
    to = swap;
  }
  if (from != order) memcpy(order, from, (size_t)n * sizeof *order);
}

void sort_average_ranks(const double *v, int64_t n, double *rank, double *work)
{
  int32_t *order = (int32_t *)(work + 2 * n + 1);
  sort_order(v, n, order, work);
  for (int64_t first = 0, end; first < n; first = end) {
    for (end = first + 1; end < n && v[order[end]] == v[order[first]];) end++;
    const double mean = 0.5 * (double)(first + 1 + end);
    for (int64_t i = first; i < end; i++) rank[order[i]] = mean;
  }
}
