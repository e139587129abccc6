/** @file
 *  Upsampling against its formula, written once more in one dimension per axis. */
#include "core/power.h"
#include "core/upsample.h"
#include "tests/check.h"

#include <math.h>
#include <string.h>

enum { MOST = 64 };

/** Numbers that are not multiples of each other, both signs. */
static void fill(float *x, int n)
{
  for (int i = 0; i < n; i++) x[i] = (float)sin(1.7 * i + 0.3 * i * i);
}

/** Weight of in[i] in out[d]: the formula of the header as a matrix. */
static double weight(int d, int i, int in, int out)
{
  const double src = fmax((d + 0.5) * in / out - 0.5, 0.0);
  const int low = (int)fmin(floor(src), in - 1), high = low + 1 < in ? low + 1 : in - 1;
  double w = 0.0;
  if (i == low) w += 1.0 - (src - low);
  if (i == high) w += src - low;
  return w;
}

static double by_formula(const float *in, const int size[4], int y, int x)
{
  double sum = 0.0;
  for (int i = 0; i < size[0]; i++) {
    for (int j = 0; j < size[1]; j++) {
      sum += weight(y, i, size[0], size[2]) * weight(x, j, size[1], size[3]) *
             (double)in[i * size[1] + j];
    }
  }
  return sum;
}

static void equals_the_formula(void **state)
{
  static const int sizes[][4] = {{1, 1, 5, 7},   {2, 2, 4, 4},  {7, 7, 56, 56},
                                 {3, 5, 16, 11}, {4, 1, 9, 3},  {13, 9, 52, 9},
                                 {8, 8, 3, 5},   {1, 6, 1, 64}, {14, 14, 32, 32}};
  float in[MOST * MOST], out[MOST * MOST];

  (void)state;
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    const int *s = sizes[k];
    fill(in, s[0] * s[1]);
    upsample_bilinear(in, s[0], s[1], out, s[2], s[3]);
    for (int y = 0; y < s[2]; y++) {
      for (int x = 0; x < s[3]; x++) {
        /* |values| <= 1: the one rounding to float is at most 2^-25, sums in double far below. */
        assert_true(fabs(by_formula(in, s, y, x) - (double)out[y * s[3] + x]) <= 0x1p-24);
      }
    }
  }
}

static void equal_size_copies_bits(void **state)
{
  float in[6] = {1.0F, -0.0F, INFINITY, -1e-42F, NAN, 3.0F}, out[6];

  (void)state;
  upsample_bilinear(in, 2, 3, out, 2, 3);
  assert_memory_equal(in, out, sizeof in);
}

static void one_pixel_fills_the_output(void **state)
{
  const float in = -2.5F;
  float out[12];

  (void)state;
  upsample_bilinear(&in, 1, 1, out, 3, 4);
  for (int i = 0; i < 12; i++) assert_true(out[i] == in);
}

/** The known row of PyTorch's align_corners=False: [0, 1] to 4 is [0, 0.25, 0.75, 1]. */
static void doubling_has_the_known_weights(void **state)
{
  const float in[2] = {0.0F, 1.0F}, want[4] = {0.0F, 0.25F, 0.75F, 1.0F};
  float out[4];

  (void)state;
  upsample_bilinear(in, 1, 2, out, 1, 4);
  assert_memory_equal(out, want, sizeof want);
  upsample_bilinear(in, 2, 1, out, 4, 1);
  assert_memory_equal(out, want, sizeof want);
}

/** Corners lie on corners: [0, 1, 4] to 5 is [0, 0.5, 1, 2.5, 4]; the nearest of 2 for 5. */
static void other_ways_have_the_known_weights(void **state)
{
  const float in[3] = {0.0F, 1.0F, 4.0F}, corners[5] = {0.0F, 0.5F, 1.0F, 2.5F, 4.0F};
  const float nearest[5] = {0.0F, 0.0F, 1.0F, 1.0F, 4.0F};
  float out[5];

  (void)state;
  upsample_corners(in, 1, 3, out, 1, 5);
  assert_memory_equal(out, corners, sizeof corners);
  upsample_corners(in, 3, 1, out, 1, 1);
  assert_true(out[0] == 0.0F);
  upsample_nearest(in, 1, 3, out, 1, 5);
  assert_memory_equal(out, nearest, sizeof nearest);
  upsample_nearest(in, 3, 1, out, 5, 1);
  assert_memory_equal(out, nearest, sizeof nearest);
}

/** Powers of combined maps against the mathematics library, where v log x reaches -70. */
static void powers_are_those_of_the_library(void **state)
{
  (void)state;
  for (int i = 1; i < 1000; i++) {
    for (int k = 1; k <= 7; k++) {
      const float x = ldexpf((float)i / 1000.0F, -(i % 90));
      const double v = k / 7.0, want = pow((double)x, v);
      assert_true(fabs(power_between(x, v) - want) <= 1e-13 * want); /* v log x rounds at 2^-47 */
    }
  }
  assert_true(power_between(0.0F, 0.1) == 0.0 && power_between(1.0F, 0.1) == 1.0);
  assert_true(isnan(power_between(NAN, 0.5)));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_formula),
      cmocka_unit_test(equal_size_copies_bits),
      cmocka_unit_test(one_pixel_fills_the_output),
      cmocka_unit_test(doubling_has_the_known_weights),
      cmocka_unit_test(other_ways_have_the_known_weights),
      cmocka_unit_test(powers_are_those_of_the_library),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
