/** @file
 *  Activations and gates: what core/gate.h says, for every kind of number, of every instruction set. */
#include "check.h"
#include "core/gate_impl.h"
#include "product_numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 200 };

static void fill(float *x)
{
  static const float kinds[] = {0.0F,      -0.0F, 6.0F,   -6.0F,  INFINITY,
                                -INFINITY, NAN,   1e-40F, -1e-40F};
  for (int i = 0; i < MOST; i++) {
    x[i] = (float)(random_int(2000) - 1000) / 100.0F;
    if (random_int(3) == 0) x[i] = kinds[random_int(sizeof kinds / sizeof kinds[0])];
  }
}

static bool gate_of(const unsigned char *gates, int i)
{
  return gates[i / 8] >> i % 8 & 1;
}

/** NaN is any NaN; zeros keep their sign. */
static void check_same(float found, float expected)
{
  if (expected != expected) {
    assert_true(found != found);
  } else {
    assert_memory_equal(&found, &expected, sizeof found);
  }
}

static void check_rectified(const float *x, int n, const float *y, const unsigned char *gates)
{
  for (int i = 0; i < n; i++) {
    check_same(y[i], x[i] <= 0.0F ? 0.0F : x[i]);
    assert_int_equal(gate_of(gates, i), x[i] > 0.0F);
  }
}

static void check_clamped(const float *x, int n, float lo, float hi, const float *y,
                          const unsigned char *gates)
{
  for (int i = 0; i < n; i++) {
    const float raised = x[i] < lo ? lo : x[i], expected = raised > hi ? hi : raised;
    check_same(y[i], expected);
    assert_int_equal(gate_of(gates, i), expected > lo && (isinf(hi) || expected < hi));
  }
}

static void activations_and_gates_of_any_length(void **unused)
{
  (void)unused;
  for (int i = 0; i < 400; i++) {
    float x[MOST], y[MOST], place[MOST];
    unsigned char gates[MOST / 8];
    const int n = random_int(MOST + 1);
    const float hi = random_int(2) ? 6.0F : INFINITY, lo = random_int(2) ? 0.0F : -1.5F;
    fill(x);
    memset(gates, 0xff, sizeof gates);
    gate_rectify(x, n, y, gates);
    check_rectified(x, n, y, gates);
    memcpy(place, x, sizeof x);
    gate_clamp(place, n, lo, hi, place, gates);
    check_clamped(x, n, lo, hi, place, gates);
  }
}

#ifdef PRODUCT_X86
static void check_kernels(const struct gate_kernels *k)
{
  for (int i = 0; i < 200; i++) {
    float x[MOST], y[MOST];
    unsigned char gates[MOST / 8];
    const int n = MOST / k->lanes * k->lanes;
    fill(x);
    k->rectify(x, n, y, gates);
    check_rectified(x, n, y, gates);
    k->clamp(x, n, -2.0F, i % 2 ? 3.0F : INFINITY, y, gates);
    check_clamped(x, n, -2.0F, i % 2 ? 3.0F : INFINITY, y, gates);
  }
}
#endif

static void every_instruction_set_gives_the_same(void **unused)
{
  (void)unused;
#ifdef PRODUCT_X86
  if (!__builtin_cpu_supports("avx2")) skip();
  if (__builtin_cpu_supports("avx2")) check_kernels(&gate_avx2);
  if (__builtin_cpu_supports("avx512f")) check_kernels(&gate_avx512);
#else
  skip();
#endif
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(activations_and_gates_of_any_length),
      cmocka_unit_test(every_instruction_set_gives_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
