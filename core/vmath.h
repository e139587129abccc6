#pragma once
/* Elementary functions for loops marked SIMD: no table, no branch, no call, the same bits on every
 * instruction set.  In the float build polynomials in float, whose errors tests/test_core_vmath.c bounds
 * against the mathematics library in double; in the double build that library itself.
 *
 * The coefficients are least maximum errors (Lawson's iteration of weighted least squares) over the
 * intervals named, rounded to float. */
#include "core/real.h"
#include "core/simd.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef RETROGRAD_DOUBLE

static inline real vmath_exp(real x)
{
  return exp(x);
}
static inline real vmath_tanh(real x)
{
  return tanh(x);
}
static inline real vmath_erf(real x)
{
  return erf(x);
}

#else

/** 2^k for k in -126 .. 127. */
SIMD_PART float vmath_power_of_two(int32_t k)
{
  const int32_t bits = (int32_t)((uint32_t)(k + 127) << 23);
  float power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

/** The integer nearest to |x| < 2^22, as float and as int32_t: adding 1.5 * 2^23 leaves it in the low
 *  bits.  A NaN stays one in the float. */
SIMD_PART float vmath_nearest(float x, int32_t *k)
{
  const float shift = 0x1.8p23F, moved = x + shift;
  int32_t bits;
  memcpy(&bits, &moved, sizeof bits);
  *k = (int32_t)(((uint32_t)bits & 0x7fffffU) - 0x400000U);
  return moved - shift;
}

/** exp(x) = 2^k exp(r), k the integer nearest to x / log 2;  exp(r) = 1 + r + r^2 p(r) for |r| < 0.35.
 *  The power is applied in two halves, so that results down to the smallest subnormal are rounded once. */
SIMD_PART float vmath_exp(float x)
{
  const float low = x < -104.0F ? -104.0F : x, in = low > 89.0F ? 89.0F : low;
  int32_t k;
  const float n = vmath_nearest(in * 0x1.715476p0F, &k);
  const float r = (in - n * 0x1.62e4p-1F) -
                  n * 0x1.7f7d1cp-20F; /* log 2 in two parts, n times the first exact */
  const float p =
      0x1.fffffcp-2F +
      r * (0x1.55548ap-3F + r * (0x1.555916p-5F + r * (0x1.123fc6p-7F + r * 0x1.6a1a6ep-10F)));
  const float e = 1.0F + (r + r * r * p);
  const int32_t half = k / 2;
  return e * vmath_power_of_two(half) * vmath_power_of_two(k - half);
}

/** tanh(x) = x + x z p(z), z = x^2, for |x| < 0.625;  1 - 2 / (exp(2 |x|) + 1) with x's sign beyond. */
SIMD_PART float vmath_tanh(float x)
{
  const float z = x * x, size = fabsf(x);
  const float p = -0x1.555554p-2F +
                  z * (0x1.111058p-3F +
                       z * (-0x1.b9eba8p-5F +
                            z * (0x1.636962p-6F + z * (-0x1.0b43cep-7F + z * 0x1.163b6cp-9F))));
  const float near = x + x * (z * p);
  const float far = copysignf(1.0F - 2.0F / (vmath_exp(2.0F * size) + 1.0F), x);
  return size < 0.625F ? near : far;
}

/** erf(x) = x + x p(x^2) for |x| < 1;  1 - exp(q(|x|) - x^2) with x's sign beyond, which is 1 from 4 on. */
SIMD_PART float vmath_erf(float x)
{
  const float size = fabsf(x), a = size > 4.0F ? 4.0F : size, z = x * x;
  const float p =
      0x1.06eba0p-3F +
      z * (-0x1.81273ep-2F +
           z * (0x1.ce2cf8p-4F +
                z * (-0x1.b7f90cp-6F +
                     z * (0x1.5405b2p-8F + z * (-0x1.a3f6fcp-11F + z * 0x1.496a28p-14F)))));
  const float q =
      -0x1.72e404p-12F +
      a * (-0x1.2085b2p0F +
           a * (0x1.7274fcp-2F +
                a * (-0x1.a60a94p-4F +
                     a * (0x1.654246p-6F + a * (-0x1.814d22p-9F + a * 0x1.852dc4p-13F)))));
  const float far = copysignf(1.0F - vmath_exp(q - a * a), x);
  return size < 1.0F ? x + x * p : far;
}

#endif

/** 1 / (1 + exp(-x)). */
SIMD_PART real vmath_sigmoid(real x)
{
  return REAL(1.0) / (REAL(1.0) + vmath_exp(-x));
}
