/** @file
 *  Logarithm and exponential in double. */
#include "core/math64.h"

#include <math.h>

static const double log_2 = 0.69314718055994530942;

/* x = m 2^e with m near 1, ln m = 2 artanh((m - 1) / (m + 1)). */
double math64_log(double x)
{
  int e;
  if (x <= 0.0) return x < 0.0 ? NAN : -INFINITY;
  double m = frexp(x, &e);
  if (m < 0.70710678118654752440) {
    m *= 2.0;
    e--;
  }
  const double t = (m - 1.0) / (m + 1.0), t2 = t * t;
  double series = 0.0;
  for (int k = 25; k >= 1; k -= 2) series = series * t2 + 1.0 / k;
  return 2.0 * t * series + log_2 * e;
}

/* e^x = 2^k e^r with |r| <= ln 2 / 2, ln 2 in two parts of which the first times k is exact. */
double math64_exp(double x)
{
  if (x != x) return x;
  if (x < -708.0) return 0.0;
  if (x > 709.0) return INFINITY;
  const double k = floor(x / log_2 + 0.5);
  const double r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33;
  double series = 1.0;
  for (int i = 16; i >= 1; i--) series = 1.0 + series * r / i;
  return ldexp(series, (int)k);
}
