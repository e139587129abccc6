/** @file
 *  Counted random numbers.
 *  Source: Wichura 1988, AS 241, doi:10.2307/2347330; Salmon et al. 2011, doi:10.1145/2063384.2063405. */
#include "core/random.h"

#include "core/math64.h"

#include <Random123/philox.h>
#include <math.h>

void random_uniform(const struct random_place *at, int64_t n, double *u)
{
  const philox4x32_key_t key = {{(uint32_t)at->seed, (uint32_t)(at->seed >> 32)}};
  for (int64_t i = 0; i < n; i += 4) {
    /* sample numbers have 40 bits, blocks of four numbers 32, copies 24, streams 8 */
    const philox4x32_ctr_t counter = {{(uint32_t)(i / 4), (uint32_t)at->sample,
                                       at->copy | at->stream << 24, (uint32_t)(at->sample >> 32)}};
    const philox4x32_ctr_t r = philox4x32(counter, key);
    for (int k = 0; k < 4 && i + k < n; k++) u[i + k] = ((double)r.v[k] + 0.5) * 0x1p-32;
  }
}

/** The quotient of two polynomials of degree 7, coefficients from the constant on. */
static double quotient(const double *a, const double *b, double x)
{
  double above = a[7], below = b[7];
  for (int i = 6; i >= 0; i--) {
    above = above * x + a[i];
    below = below * x + b[i];
  }
  return above / below;
}

double random_normal(double u)
{
  static const double a[] = {3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427,
                             13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
                             33430.575583588128105, 2509.0809287301226727};
  static const double b[] = {1.0,
                             42.313330701600911252,
                             687.18700749205790830,
                             5394.1960214247511077,
                             21213.794301586595867,
                             39307.895800092710610,
                             28729.085735721942674,
                             5226.4952788528545610};
  static const double c[] = {1.42343711074968357734,   4.63033784615654529590,
                             5.76949722146069140550,   3.64784832476320460504,
                             1.27045825245236838258,   0.241780725177450611770,
                             0.0227238449892691845833, 7.74545014278341407640e-4};
  static const double d[] = {1.0,
                             2.05319162663775882187,
                             1.67638483018380384940,
                             0.689767334985100004550,
                             0.148103976427480074590,
                             0.0151986665636164571966,
                             5.47593808499534494600e-4,
                             1.05075007164441684324e-9};
  static const double e[] = {6.65790464350110377720,    5.46378491116411436990,
                             1.78482653991729133580,    0.296560571828504891230,
                             0.0265321895265761230930,  1.24266094738807843860e-3,
                             2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static const double f[] = {1.0,
                             0.599832206555887937690,
                             0.136929880922735805310,
                             0.0148753612908506148525,
                             7.86869131145613259100e-4,
                             1.84631831751005468180e-5,
                             1.42151175831644588870e-7,
                             2.04426310338993978564e-15};
  const double q = u - 0.5;
  if (fabs(q) <= 0.425) return q * quotient(a, b, 0.180625 - q * q);
  const double r = sqrt(-math64_log(q < 0.0 ? u : 1.0 - u));
  const double z = r <= 5.0 ? quotient(c, d, r - 1.6) : quotient(e, f, r - 5.0);
  return q < 0.0 ? -z : z;
}
