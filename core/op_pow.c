/** @file
 *  Pow: y = a^b under numpy's broadcasting, of activations and constants; derivatives b a^(b-1), 0 where
 *  b is 0, and a^b log(a), 0 where a is 0 and b is not negative.  Powers are taken in double; the usual exponents 2, 1/2,
 *  1, 3 and -1 without a call.
 *  Source: ONNX operator specification, Pow-7 to Pow-15. */
#include "core/binary.h"
#include "core/broadcast.h"

#include <math.h>

SIMD_PART double power(double a, double b)
{
  return b == 2.0 ? a * a : b == 1.0 ? a : b == 0.5 ? sqrt(a) : b == -1.0 ? 1.0 / a : pow(a, b);
}
SIMD_PART real raised(real a, real b)
{
  return (real)power((double)a, (double)b);
}
SIMD_PART real by_a(real a, real b)
{
  if (b == REAL(0.0)) return REAL(0.0);
  return (real)((double)b * power((double)a, (double)b - 1.0));
}
SIMD_PART real by_b(real a, real b)
{
  if (a == REAL(0.0) && b >= REAL(0.0)) return REAL(0.0);
  return (real)(power((double)a, (double)b) * log((double)a));
}

BINARY_ROW(value, raised)
BINARY_ROW(slope_a, by_a)
BINARY_ROW(slope_b, by_b)

static void forward(const struct op_fwd *c)
{
  binary_forward(c, value);
}

static void backward(const struct op_bwd *c)
{
  binary_backward(c, slope_a, slope_b);
}

const struct op op_pow = {
    .name = "Pow",
    .source = "ONNX operators, Pow-15",
    BINARY_FIELDS,
};
