/** @file
 *  EXIF orientation: read within its bytes, applied as the standard says, only where asked for. */
#include "io/image_impl.h"
#include "tests/check.h"
#include "tests/tiny_images.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t six[] = {10, 20, 30, 40, 50, 60}; /* grey [2, 3] */

/** A TIFF structure of one entry; little-endian. */
static size_t tiff(uint8_t *at, int tag, int type, int count, int value)
{
  const uint8_t bytes[] = {'I',
                           'I',
                           42,
                           0,
                           8,
                           0,
                           0,
                           0,
                           1,
                           0,
                           (uint8_t)tag,
                           (uint8_t)(tag >> 8),
                           (uint8_t)type,
                           0,
                           (uint8_t)count,
                           0,
                           0,
                           0,
                           (uint8_t)value,
                           0,
                           0,
                           0};
  memcpy(at, bytes, sizeof bytes);
  return sizeof bytes;
}

static void orientation_is_read_within_its_bytes(void **state)
{
  uint8_t t[32];

  (void)state;
  for (int o = 1; o <= 8; o++) assert_int_equal(image_orientation(t, tiff(t, 0x0112, 3, 1, o)), o);
  assert_int_equal(image_orientation(t, tiff(t, 0x0112, 4, 1, 6)), 6);
  assert_int_equal(image_orientation(t, tiff(t, 0x0112, 3, 1, 0)), 1);
  assert_int_equal(image_orientation(t, tiff(t, 0x0112, 3, 1, 9)), 1);
  assert_int_equal(image_orientation(t, tiff(t, 0x0112, 3, 2, 6)), 1);
  assert_int_equal(image_orientation(t, tiff(t, 0x0112, 2, 1, 6)), 1);
  assert_int_equal(image_orientation(t, tiff(t, 0x0113, 3, 1, 6)), 1);
  const size_t n = tiff(t, 0x0112, 3, 1, 6);
  for (size_t cut = 0; cut < n;
       cut++) { /* a copy of exactly that size, so that ASan sees a step beyond */
    uint8_t *copy = malloc(cut ? cut : 1);
    assert_non_null(copy);
    memcpy(copy, t, cut);
    assert_int_equal(image_orientation(copy, cut), 1);
    free(copy);
  }
}

static void a_hostile_tiff_stays_inside(void **state)
{
  uint8_t t[32];
  uint32_t seed = 1;

  (void)state;
  for (int k = 0; k < 20000; k++) {
    const size_t n = tiff(t, 0x0112, 3, 1, 6);
    for (int j = 0; j < 3; j++) {
      seed = seed * 1664525U + 1013904223U;
      t[(seed >> 8) % n] = (uint8_t)(seed >> 24);
    }
    uint8_t *copy = malloc(n);
    assert_non_null(copy);
    memcpy(copy, t, n);
    const int o = image_orientation(copy, n);
    assert_true(o >= 1 && o <= 8);
    free(copy);
  }
}

static void every_orientation_turns_as_the_standard_says(void **state)
{
  /* The stored image is 1 2 3 / 4 5 6; Exif 2.3 names where its row 0 and column 0 belong. */
  static const uint8_t want[9][6] = {
      [1] = {1, 2, 3, 4, 5, 6}, [2] = {3, 2, 1, 6, 5, 4}, [3] = {6, 5, 4, 3, 2, 1},
      [4] = {4, 5, 6, 1, 2, 3}, [5] = {1, 4, 2, 5, 3, 6}, [6] = {4, 1, 5, 2, 6, 3},
      [7] = {6, 3, 5, 2, 4, 1}, [8] = {3, 6, 2, 5, 1, 4}};
  struct image im;

  (void)state;
  for (int o = 1; o <= 8; o++) {
    assert_int_equal(image_make(2, 3, 1, &im), ERR_OK);
    for (int i = 0; i < 6; i++) im.pixel[i] = (uint8_t)(i + 1);
    assert_int_equal(image_turn(&im, o), ERR_OK);
    assert_int_equal(im.height, o < 5 ? 2 : 3);
    assert_memory_equal(im.pixel, want[o], 6);
    image_free(&im);
  }
}

static void orientation_counts_only_where_asked_for(void **state)
{
  uint8_t exif[32];
  struct tiny t;
  struct image im;

  (void)state;
  tiny_png_start(&t, 2, 3, 0, 8);
  tiny_chunk(&t, "eXIf", exif, tiff(exif, 0x0112, 3, 1, 6));
  tiny_png_rows(&t, six, 2, 3);
  assert_int_equal(image_decode(t.bytes, t.n, 1, false, &im), ERR_OK);
  assert_int_equal(im.height, 2);
  image_free(&im);
  assert_int_equal(image_decode(t.bytes, t.n, 1, true, &im), ERR_OK);
  assert_int_equal(im.height, 3);
  assert_int_equal(im.pixel[0], 40);
  image_free(&im);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orientation_is_read_within_its_bytes),
      cmocka_unit_test(a_hostile_tiff_stays_inside),
      cmocka_unit_test(every_orientation_turns_as_the_standard_says),
      cmocka_unit_test(orientation_counts_only_where_asked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
