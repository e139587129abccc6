#pragma once
/* Powers in double, the same bits wherever arithmetic is IEEE's: for what is rounded to float. */
#include <math.h>
#include <stdint.h>
#include <string.h>

/** log x for normal x > 0:  x = 2^k m, m near 1;  log m = 2 atanh((m - 1) / (m + 1)). */
static inline double power_log(double x)
{
  static const double log_2 = 0x1.62e42fefa39efp-1;
  int k = 0;
  double m = frexp(x, &k);
  if (m < 0x1.6a09e667f3bcdp-1) {
    m *= 2.0;
    k--;
  }
  const double s = (m - 1.0) / (m + 1.0), z = s * s;
  double sum = 0.0;
  for (int i = 23; i >= 1; i -= 2) sum = sum * z + 1.0 / i;
  return 2.0 * s * sum + k * log_2;
}

/** exp x for -745 < x <= 0:  x = k log 2 + r, |r| < 0.35, by its series. */
static inline double power_exp(double x)
{
  static const double log_2 = 0x1.62e42fefa39efp-1;
  const double k = floor(x / log_2 + 0.5), r = x - k * log_2;
  double sum = 1.0;
  for (int i = 16; i >= 1; i--) sum = 1.0 + r * sum / i;
  return ldexp(sum, (int)k);
}

/** x^v for x from 0 to 1 and v > 0; NaN where x is. */
static inline double power_between(float x, double v)
{
  if (x != x || x <= 0.0F || x >= 1.0F) return x != x ? (double)x : x > 0.0F ? 1.0 : 0.0;
  const double y = v * power_log((double)x);
  return y < -700.0 ? 0.0 : power_exp(y);
}
