/** @file
 *  Products of few columns give the same bits as all others: chains of fmaf() in the order of k. */
#include "check.h"
#include "core/product_impl.h"
#include "product_element.h"
#include "product_numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/** One product; a ends where its last number is. */
static void check_one(const struct product_kernel *k, int columns)
{
  struct product p = {
      .m = 1 + random_int(random_int(8) ? 90 : 1100), .n = columns, .add = random_int(2)};
  p.k = 1 + random_int(p.m < 90 ? 1200 : 90);
  p.a_transposed = random_int(2);
  p.a_step = (p.a_transposed ? p.m : p.k) + random_int(3);
  p.b_step = p.n + random_int(3);
  p.c_step = p.n + random_int(3);
  const int64_t a_count =
      p.a_step * ((p.a_transposed ? p.k : p.m) - 1) + (p.a_transposed ? p.m : p.k);
  float *whole = random_floats(a_count), *a = malloc((size_t)a_count * sizeof *a);
  float *b = random_floats(p.b_step * p.k), *bias = random_floats(p.m);
  float *c = random_floats(p.c_step * p.m), *before = malloc((size_t)(p.c_step * p.m) * sizeof *c);
  float *sums = random_floats((int64_t)PRODUCT_THIN_ROWS * PRODUCT_THIN);
  assert_non_null(a);
  assert_non_null(before);
  memcpy(a, whole, (size_t)a_count * sizeof *a);
  memcpy(before, c, (size_t)(p.c_step * p.m) * sizeof *c);
  p.a = a;
  p.b = b;
  p.c = c;
  p.bias = p.add || random_int(2) ? NULL : bias;
  product_thin(k, &p, sums);
  for (int64_t i = 0; i < p.c_step * p.m; i++) {
    const int row = (int)(i / p.c_step), column = (int)(i % p.c_step);
    float expected = before[i];
    if (column < p.n)
      expected = product_element(&p, row, column, p.add ? expected : p.bias ? bias[row] : 0.0F);
    assert_memory_equal(&c[i], &expected, sizeof expected);
  }
  free(whole);
  free(a);
  free(b);
  free(bias);
  free(c);
  free(before);
  free(sums);
}

static void check_kernel(const struct product_kernel *k)
{
  for (int i = 0; i < 96; i++) check_one(k, 1 + i % PRODUCT_THIN);
}

static void thin_products_are_the_same_chains(void **unused)
{
  (void)unused;
  if (!product_native()) skip();
#ifdef PRODUCT_X86
  if (__builtin_cpu_supports("avx2")) check_kernel(&product_avx2);
  if (__builtin_cpu_supports("avx512f")) check_kernel(&product_avx512);
#endif
}

/** Plain products of few columns are such. */
static void few_columns_are_thin(void **unused)
{
  (void)unused;
  struct product p = {.m = 100, .n = PRODUCT_THIN, .k = 100};
  if (!product_native()) skip();
  assert_true(product_is_thin(&p));
  p.n++;
  assert_false(product_is_thin(&p));
  p.n = 1;
  p.packed.at = p.a = (const float[1]){0};
  assert_false(product_is_thin(&p));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(thin_products_are_the_same_chains),
      cmocka_unit_test(few_columns_are_thin),
  };
  product_choose(PRODUCT_OWN);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
