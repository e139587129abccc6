/** @file
 *  Radix sort of doubles by their bits, least significant digit first. */
#include "core/sort.h"

#include <stdbool.h>
#include <string.h>

/* Wide digits take fewer passes, narrow ones have fewer buckets to begin with. */
enum { WIDE = 11, NARROW = 8, FEW = 1 << 13 };

/** An integer in the same order as the number; 0 for -0, the largest for NaN. */
static uint64_t key_of(double v)
{
  uint64_t bits;
  if (v != v) return UINT64_MAX;
  v += 0.0; /* -0 to 0 */
  memcpy(&bits, &v, sizeof bits);
  return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/** The same of a number that a float holds, in 32 bits. */
static uint64_t key_of_float(float v)
{
  uint32_t bits;
  if (v != v) return UINT32_MAX;
  v += 0.0F;
  memcpy(&bits, &v, sizeof bits);
  return bits >> 31 ? ~bits : bits | UINT32_C(1) << 31;
}

/** key [n] of the numbers; how many of their bits count.  Maps are floats, which have half as many. */
static int make_keys(const double *v, int64_t n, uint64_t *key)
{
  bool floats = true;
  for (int64_t i = 0; i < n && floats; i++) {
    const float narrow = (float)v[i];
    floats = (double)narrow == v[i] || v[i] != v[i];
    key[i] = key_of_float(narrow);
  }
  if (floats) return 32;
  for (int64_t i = 0; i < n; i++) key[i] = key_of(v[i]);
  return 64;
}

size_t sort_work_doubles(int64_t n)
{
  return (size_t)(4 * n + 2);
}

/** The digit of `bits` from bit `shift` on: the indices in `from` go to `to` by it; false where all have the
 *  same one. */
static int pass(const uint64_t *key, int64_t n, int shift, int bits, const int32_t *from,
                int32_t *to)
{
  const int buckets = 1 << bits;
  const uint64_t mask = (uint64_t)buckets - 1;
  int32_t at[1 << WIDE], sum = 0;
  memset(at, 0, (size_t)buckets * sizeof *at);
  for (int64_t i = 0; i < n; i++) at[key[i] >> shift & mask]++;
  if (n && at[key[0] >> shift & mask] == n) return 0;
  for (int b = 0; b < buckets; b++) {
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
  const int key_bits = make_keys(v, n, key), bits = n < FEW ? NARROW : WIDE;
  for (int64_t i = 0; i < n; i++) order[i] = (int32_t)i;
  for (int shift = 0; shift < key_bits; shift += bits) {
    if (!pass(key, n, shift, bits, from, to)) continue;
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
