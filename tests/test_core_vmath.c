/** @file
 *  The elementary functions of core/vmath.h against the mathematics library in double. */
#include "check.h"
#include "core/vmath.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/** Units in the last place of `want`, as a float, that `got` is off. */
static double off(float got, double want)
{
  const float rounded = (float)want;
  if (isnan(want)) return isnan(got) ? 0.0 : INFINITY;
  if (isinf(rounded) || isinf(got)) return rounded == got ? 0.0 : INFINITY;
  const double size = fabs(want) < (double)FLT_MIN ? (double)FLT_MIN : fabs(want);
  int e;
  (void)frexp(size, &e);
  return fabs((double)got - want) / ldexp(1.0, e - 24);
}

/** The largest error over floats from lo to hi, every `stride`-th one of both signs. */
static double worst(float (*f)(float), double (*exact)(double), float lo, float hi, uint32_t stride)
{
  double most = 0.0;
  uint32_t bits, end;
  memcpy(&bits, &lo, sizeof bits);
  memcpy(&end, &hi, sizeof end);
  for (; bits <= end; bits += stride) {
    float x;
    memcpy(&x, &bits, sizeof x);
    most = fmax(most, fmax(off(f(x), exact((double)x)), off(f(-x), exact((double)-x))));
  }
  return most;
}

static float exp_of(float x)
{
  return vmath_exp(x);
}
static float tanh_of(float x)
{
  return vmath_tanh(x);
}
static float erf_of(float x)
{
  return vmath_erf(x);
}
static float sigmoid_of(float x)
{
  return vmath_sigmoid(x);
}
static double exact_sigmoid(double x)
{
  return 1.0 / (1.0 + exp(-x));
}

static void functions_are_good_to_a_few_units(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    float (*f)(float);
    double (*exact)(double);
    float hi;
    double bound;
  } all[] = {{"exp", exp_of, exp, 110.0F, 1.0},
             {"tanh", tanh_of, tanh, 20.0F, 2.0},
             {"erf", erf_of, erf, 10.0F, 2.5},
             {"sigmoid", sigmoid_of, exact_sigmoid, 80.0F, 2.5}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    const double most = worst(all[i].f, all[i].exact, 0x1p-30F, all[i].hi, 37);
    print_message("%s: at most %.2f units in the last place\n", all[i].name, most);
    assert_true(most <= all[i].bound);
  }
}

static void ends_are_right(void **state)
{
  (void)state;
  assert_true(vmath_exp(0.0F) == 1.0F && vmath_exp(-INFINITY) == 0.0F);
  assert_true(isinf(vmath_exp(INFINITY)) && isinf(vmath_exp(90.0F)) && isnan(vmath_exp(NAN)));
  assert_true(vmath_tanh(INFINITY) == 1.0F && vmath_tanh(-INFINITY) == -1.0F &&
              isnan(vmath_tanh(NAN)));
  assert_true(vmath_erf(INFINITY) == 1.0F && vmath_erf(-INFINITY) == -1.0F &&
              isnan(vmath_erf(NAN)));
  assert_true(vmath_sigmoid(INFINITY) == 1.0F && vmath_sigmoid(-INFINITY) == 0.0F);
  assert_true(isnan(vmath_sigmoid(NAN)));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(functions_are_good_to_a_few_units),
      cmocka_unit_test(ends_are_right),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
