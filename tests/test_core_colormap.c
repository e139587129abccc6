/** @file
 *  Colour maps: uniform, in gamut, monotone or symmetric in lightness. */
#include "core/colormap.h"
#include "tests/check.h"

#include <math.h>
#include <stdlib.h>

static struct colormap sequential, diverging;

static int make_maps(void **state)
{
  (void)state;
  colormap_sequential(&sequential);
  colormap_diverging(&diverging);
  return 0;
}

/** 8-bit sRGB to OKLab, the way there (the code goes the way back).  Source: Ottosson 2020. */
static void lab_of(const uint8_t rgb[3], double lab[3])
{
  static const double to_lms[3][3] = {{0.4122214708, 0.5363325363, 0.0514459929},
                                      {0.2119034982, 0.6806995451, 0.1073969566},
                                      {0.0883024619, 0.2817188376, 0.6299787005}};
  static const double to_lab[3][3] = {{0.2104542553, 0.7936177850, -0.0040720468},
                                      {1.9779984951, -2.4285922050, 0.4505937099},
                                      {0.0259040371, 0.7827717662, -0.8086757660}};
  double linear[3], lms[3];

  for (int c = 0; c < 3; c++) {
    const double v = rgb[c] / 255.0;
    linear[c] = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
  }
  for (int i = 0; i < 3; i++) {
    lms[i] = 0.0;
    for (int c = 0; c < 3; c++) lms[i] += to_lms[i][c] * linear[c];
    lms[i] = cbrt(lms[i]);
  }
  for (int i = 0; i < 3; i++) {
    lab[i] = 0.0;
    for (int c = 0; c < 3; c++) lab[i] += to_lab[i][c] * lms[c];
  }
}

static double distance(const double a[3], const double b[3])
{
  return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
              (a[2] - b[2]) * (a[2] - b[2]));
}

/** Steps from entry to entry are within 1 % of their mean: the curve is walked in 8192 pieces, whose
 *  chords differ from their arcs by far less. */
static void assert_uniform(const struct colormap *m, int first, int last)
{
  double mean = 0.0;
  for (int i = first; i < last; i++) mean += distance(m->lab[i], m->lab[i + 1]) / (last - first);
  assert_true(mean > 1e-3);
  for (int i = first; i < last; i++)
    assert_true(fabs(distance(m->lab[i], m->lab[i + 1]) / mean - 1.0) < 0.01);
}

static void steps_are_equal(void **state)
{
  (void)state;
  assert_uniform(&sequential, 0, COLORMAP_SIZE - 1);
  assert_uniform(&diverging, 0, COLORMAP_SIZE / 2 - 1);
  assert_uniform(&diverging, COLORMAP_SIZE / 2, COLORMAP_SIZE - 1);
}

/** A colour outside the gamut is clipped and comes back elsewhere.  Rounding to 8 bits moves a
 *  channel by half of 1/255; the slope of the cube root makes of it at most 0.02 in OKLab at the
 *  darkest colours here. */
static void every_colour_is_in_gamut(void **state)
{
  const struct colormap *maps[] = {&sequential, &diverging};

  (void)state;
  for (int k = 0; k < 2; k++) {
    for (int i = 0; i < COLORMAP_SIZE; i++) {
      double back[3];
      lab_of(maps[k]->rgb[i], back);
      assert_true(distance(back, maps[k]->lab[i]) < (maps[k]->lab[i][0] < 0.4 ? 0.02 : 0.004));
    }
  }
}

static void sequential_lightness_rises(void **state)
{
  (void)state;
  for (int i = 0; i + 1 < COLORMAP_SIZE; i++)
    assert_true(sequential.lab[i + 1][0] > sequential.lab[i][0]);
  assert_true(sequential.lab[0][0] < 0.2 && sequential.lab[COLORMAP_SIZE - 1][0] > 0.9);
}

static void diverging_is_symmetric(void **state)
{
  (void)state;
  for (int i = 0; i < COLORMAP_SIZE / 2; i++) {
    const double *low = diverging.lab[i], *high = diverging.lab[COLORMAP_SIZE - 1 - i];
    assert_true(fabs(low[0] - high[0]) < 1e-12);
    assert_true(fabs(hypot(low[1], low[2]) - hypot(high[1], high[2])) < 1e-12);
    assert_true(low[0] < diverging.lab[i + 1][0] || i == COLORMAP_SIZE / 2 - 1);
  }
}

static void ends_have_the_right_colours(void **state)
{
  const uint8_t *blue = diverging.rgb[0], *red = diverging.rgb[COLORMAP_SIZE - 1];

  (void)state;
  assert_true(blue[2] > blue[0] + 60 && red[0] > red[2] + 60);
  for (int c = 0; c < 3; c++) assert_true(diverging.rgb[COLORMAP_SIZE / 2][c] > 235);
}

static void values_find_their_entry(void **state)
{
  (void)state;
  assert_ptr_equal(colormap_at(&sequential, -1.0), sequential.rgb[0]);
  assert_ptr_equal(colormap_at(&sequential, NAN), sequential.rgb[0]);
  assert_ptr_equal(colormap_at(&sequential, 0.5), sequential.rgb[128]);
  assert_ptr_equal(colormap_at(&sequential, 1.0), sequential.rgb[COLORMAP_SIZE - 1]);
  assert_ptr_equal(colormap_at(&sequential, INFINITY), sequential.rgb[COLORMAP_SIZE - 1]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steps_are_equal),
      cmocka_unit_test(every_colour_is_in_gamut),
      cmocka_unit_test(sequential_lightness_rises),
      cmocka_unit_test(diverging_is_symmetric),
      cmocka_unit_test(ends_have_the_right_colours),
      cmocka_unit_test(values_find_their_entry),
  };
  return cmocka_run_group_tests(tests, make_maps, NULL);
}
