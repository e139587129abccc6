/** @file
 *  Percentiles by selection. */
#include "core/order_statistic.h"

#include <math.h>

static void swap(real *a, real *b)
{
  const real t = *a;
  *a = *b;
  *b = t;
}

/** The median of three, put first: a pivot that sorted runs do not spoil. */
static void choose_pivot(real *v, int64_t first, int64_t last)
{
  const int64_t middle = first + (last - first) / 2;
  if (v[middle] < v[first]) swap(&v[middle], &v[first]);
  if (v[last] < v[first]) swap(&v[last], &v[first]);
  if (v[last] < v[middle]) swap(&v[last], &v[middle]);
  swap(&v[first], &v[middle]);
}

/** Put the number of rank k where it belongs, smaller ones before it, larger ones behind.  Equal numbers
 *  are split between both sides, as signals with many zeros want. */
static void select_rank(real *v, int64_t n, int64_t k)
{
  int64_t first = 0, last = n - 1;
  while (first < last) {
    choose_pivot(v, first, last);
    const real pivot = v[first];
    int64_t i = first - 1, j = last + 1;
    for (;;) {
      do i++;
      while (v[i] < pivot);
      do j--;
      while (v[j] > pivot);
      if (i >= j) break;
      swap(&v[i], &v[j]);
    }
    if (k <= j) {
      last = j;
    } else {
      first = j + 1;
    }
  }
}

real order_percentile(real *v, int64_t n, double q, bool linear)
{
  const double h = q / 100.0 * (double)(n - 1);
  const int64_t low = linear ? (int64_t)floor(h) : (int64_t)nearbyint(h);
  for (int64_t i = 0; i < n; i++)
    if (isnan(v[i])) return (real)NAN;
  select_rank(v, n, low);
  if (!linear || low + 1 >= n) return v[low];
  real next = v[low + 1];
  for (int64_t i = low + 2; i < n; i++) next = v[i] < next ? v[i] : next;
  return (real)((double)v[low] + (h - (double)low) * ((double)next - (double)v[low]));
}
