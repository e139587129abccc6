/** @file
 *  Decoding: hostile and damaged files, sizes, crops.  That pixels equal Pillow's is shown by io_pillow.py. */
#include "io/image_impl.h"
#include "tests/check.h"
#include "tests/tiny_images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t six[] = {10, 20, 30, 40, 50, 60}; /* grey [2, 3] or RGB [1, 2, 3] */

static struct recipe recipe_of(int channels, int height, int width)
{
  const struct shape input = {4, {1, channels, height, width}};
  struct recipe r = {0};
  assert_int_equal(recipe_read(NULL, &input, 2, &r), ERR_OK);
  return r;
}

/** Decode and free; returns the fault. */
static enum image_fault fault_of(const uint8_t *bytes, size_t n, bool exif)
{
  struct decoding d = {.bytes = bytes, .n = n, .exif = exif};
  const err e = image_decode_into(&d, 3);
  image_free(&d.im);
  assert_true((e == ERR_OK) == (d.fault == IMAGE_SOUND));
  return d.fault;
}

static void grey_and_rgb_convert_into_each_other(void **state)
{
  struct tiny t;
  struct image im;

  (void)state;
  tiny_png(&t, 1, 2, 3, six);
  assert_int_equal(image_decode(t.bytes, t.n, 1, false, &im), ERR_OK);
  /* (19595 * 10 + 38470 * 20 + 7471 * 30 + 32768) >> 16 = 18; and for 40, 50, 60: 48 */
  assert_int_equal(im.pixel[0], 18);
  assert_int_equal(im.pixel[1], 48);
  image_free(&im);
  tiny_png(&t, 2, 3, 1, six);
  assert_int_equal(image_decode(t.bytes, t.n, 3, false, &im), ERR_OK);
  assert_int_equal(im.height, 2);
  assert_int_equal(im.width, 3);
  for (int i = 0; i < 18; i++) assert_int_equal(im.pixel[i], six[i / 3]);
  image_free(&im);
}

static void sixteen_bits_keep_the_high_byte(void **state)
{
  static const uint8_t samples[] = {0x12, 0xFF, 0xFE, 0x01};
  struct tiny t;
  struct image im;

  (void)state;
  tiny_png_start(&t, 1, 2, 0, 16);
  tiny_png_rows(&t, samples, 1, 4);
  assert_int_equal(image_decode(t.bytes, t.n, 1, false, &im), ERR_OK);
  assert_int_equal(im.pixel[0], 0x12);
  assert_int_equal(im.pixel[1], 0xFE);
  image_free(&im);
}

static void faults_are_told_apart(void **state)
{
  static const uint8_t gif[] = "GIF89a\1\0\1\0";
  struct tiny t;

  (void)state;
  assert_int_equal(fault_of(NULL, 0, false), IMAGE_EMPTY);
  assert_int_equal(fault_of(gif, sizeof gif, false), IMAGE_FOREIGN);
  tiny_jpeg(&t);
  assert_int_equal(fault_of(t.bytes, 2, false), IMAGE_FOREIGN);
  assert_int_equal(fault_of(t.bytes, t.n, false), IMAGE_SOUND);
  assert_int_equal(fault_of(t.bytes, t.n - 1, false), IMAGE_DAMAGED);
}

static void every_cut_of_a_file_is_damaged(void **state)
{
  struct tiny t;

  (void)state;
  tiny_jpeg(&t);
  for (size_t n = 3; n < t.n; n++) assert_int_equal(fault_of(t.bytes, n, true), IMAGE_DAMAGED);
  tiny_png(&t, 2, 3, 1, six);
  for (size_t n = 8; n < t.n; n++) assert_int_equal(fault_of(t.bytes, n, true), IMAGE_DAMAGED);
}

static void flip_every_bit(struct tiny *t)
{
  for (size_t i = 0; i < t->n; i++) {
    for (int bit = 0; bit < 8; bit++) {
      t->bytes[i] ^= (uint8_t)(1 << bit);
      (void)fault_of(t->bytes, t->n, true);
      t->bytes[i] ^= (uint8_t)(1 << bit);
    }
  }
  assert_int_equal(fault_of(t->bytes, t->n, true), IMAGE_SOUND);
}

static void every_changed_bit_ends_well(void **state)
{
  struct tiny t;

  (void)state;
  tiny_jpeg(&t);
  flip_every_bit(&t);
  tiny_png(&t, 2, 3, 1, six);
  flip_every_bit(&t);
}

static void too_many_pixels_are_refused_from_the_header(void **state)
{
  static const uint32_t sides[][2] = {{16000, 16000}, {0x7FFFFFFF, 0x7FFFFFFF}, {1, 178956971}};
  struct tiny t;
  struct decoding d = {0};

  (void)state;
  for (int k = 0; k < 3; k++) {
    tiny_png_start(&t, sides[k][0], sides[k][1], 2, 8);
    tiny_png_rows(&t, six, 1, 6);
    assert_int_equal(fault_of(t.bytes, t.n, false), IMAGE_TOO_LARGE);
    assert_non_null(strstr(err_message(), "178956970"));
  }
  tiny_jpeg(&t);
  for (int k = 0; k < 4; k++) t.bytes[TINY_JPEG_SIZE + k] = k % 2 ? 0x80 : 0x3E; /* 16000 */
  assert_int_equal(fault_of(t.bytes, t.n, false), IMAGE_TOO_LARGE);
  d = (struct decoding){.bytes = t.bytes, .n = t.n};
  assert_int_equal(image_decode_into(&d, 3), ERR_FORMAT);
  assert_null(d.im.pixel);
  assert_int_equal(d.height, 16000);
  assert_int_equal(d.width, 16000);
}

static void a_large_header_over_little_data_is_damaged(void **state)
{
  struct tiny t;

  (void)state;
  tiny_png_start(&t, 13000, 13000, 2, 8);
  tiny_png_rows(&t, six, 1, 6);
  assert_int_equal(fault_of(t.bytes, t.n, false), IMAGE_DAMAGED);
  tiny_jpeg(&t);
  for (int k = 0; k < 4; k++) t.bytes[TINY_JPEG_SIZE + k] = k % 2 ? 0xC8 : 0x32; /* 13000 */
  assert_int_equal(fault_of(t.bytes, t.n, false), IMAGE_DAMAGED);
}

static void check_constant(const struct image *im, int height, int width, enum recipe_filter f)
{
  struct image out;

  assert_int_equal(image_resize(im, height, width, f, &out), ERR_OK);
  assert_int_equal(out.height, height);
  assert_int_equal(out.width, width);
  for (int i = 0; i < height * width * 3; i++) assert_int_equal(out.pixel[i], im->pixel[0]);
  image_free(&out);
}

static void a_constant_image_stays_constant(void **state)
{
  static const int sides[] = {1, 2, 7, 30, 64, 200};
  struct image im, out;

  (void)state;
  assert_int_equal(image_make(30, 41, 3, &im), ERR_OK);
  memset(im.pixel, 201, (size_t)30 * 41 * 3);
  for (int k = 0; k < 5 * 36; k++)
    check_constant(&im, sides[k / 6 % 6], sides[k % 6], (enum recipe_filter)(k / 36));
  assert_int_equal(image_resize(&im, 0, 5, FILTER_BOX, &out), ERR_USAGE);
  assert_int_equal(image_resize(&im, 20000, 20000, FILTER_BOX, &out), ERR_FORMAT);
  image_free(&im);
}

static void a_wrong_size_says_what_to_set(void **state)
{
  struct recipe r = recipe_of(1, 4, 4);
  struct image im;

  (void)state;
  assert_int_equal(image_make(2, 3, 1, &im), ERR_OK);
  assert_int_equal(image_fit(&im, &r), ERR_SHAPE);
  assert_non_null(strstr(err_message(), "2 x 3"));
  assert_non_null(strstr(err_message(), "--resize 4"));
  assert_non_null(strstr(err_message(), "--crop centre"));
  image_free(&im);
  recipe_free(&r);
}

static void a_crop_is_centred_and_padded_with_zeros(void **state)
{
  static const uint8_t padded[] = {0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0, 0};
  struct recipe r = recipe_of(1, 4, 4);
  struct image im;

  (void)state;
  r.crop = true;
  assert_int_equal(image_make(2, 3, 1, &im), ERR_OK);
  for (int i = 0; i < 6; i++) im.pixel[i] = (uint8_t)(i + 1);
  assert_int_equal(image_fit(&im, &r), ERR_OK);
  /* one row before and after; (4 - 3) / 2 = 0 columns before, 1 after */
  for (int y = 0; y < 4; y++)
    for (int x = 0; x < 4; x++) assert_int_equal(im.pixel[4 * y + x], padded[4 * y + x]);
  image_free(&im);
  assert_int_equal(image_make(4, 7, 1, &im), ERR_OK);
  for (int i = 0; i < 28; i++) im.pixel[i] = (uint8_t)(i % 7);
  assert_int_equal(image_fit(&im, &r), ERR_OK);
  assert_int_equal(im.pixel[0], 2); /* round(1.5) = 2: ties go to even */
  image_free(&im);
  assert_int_equal(image_make(4, 5, 1, &im), ERR_OK);
  for (int i = 0; i < 20; i++) im.pixel[i] = (uint8_t)(i % 5);
  assert_int_equal(image_fit(&im, &r), ERR_OK);
  assert_int_equal(im.pixel[0], 0); /* round(0.5) = 0 */
  image_free(&im);
  recipe_free(&r);
}

static void an_extreme_aspect_is_too_large(void **state)
{
  struct recipe r = recipe_of(1, 224, 224);
  struct image im;

  (void)state;
  r.resize = RESIZE_SHORT_SIDE;
  r.resize_to = 256;
  assert_int_equal(image_make(1, 1000000, 1, &im), ERR_OK);
  assert_int_equal(image_fit(&im, &r), ERR_FORMAT);
  image_free(&im);
  recipe_free(&r);
}

static void normalising_takes_planes_strides_and_bgr(void **state)
{
  struct recipe r = recipe_of(3, 1, 2);
  uint8_t pixel[6];
  const struct image im = {1, 2, 3, pixel};
  float x[15];

  (void)state;
  memcpy(pixel, six, sizeof six);
  for (int c = 0; c < 3; c++) {
    r.mean[c] = 0.1 * c;
    r.std[c] = 0.2 + c;
  }
  for (int bgr = 0; bgr < 2; bgr++) {
    r.bgr = bgr;
    for (int i = 0; i < 15; i++) x[i] = -7.0F;
    image_normalise(&im, &r, 5, x);
    for (int c = 0; c < 3; c++) {
      for (int u = 0; u < 2; u++) {
        const float want =
            (float)((six[3 * u + (bgr ? 2 - c : c)] * r.scale - r.mean[c]) / r.std[c]);
        assert_true(x[5 * c + u] == want);
      }
      assert_true(x[5 * c + 2] == -7.0F && x[5 * c + 4] == -7.0F);
    }
  }
  recipe_free(&r);
}

static void a_pipe_or_a_missing_file_is_refused_at_once(void **state)
{
  char folder[] = "/tmp/image_XXXXXX", path[64];
  struct image im;

  (void)state;
  assert_non_null(mkdtemp(folder));
  assert_int_equal(image_read(folder, 3, false, &im), ERR_INPUT);
  (void)snprintf(path, sizeof path, "%s/pipe.png", folder);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(image_read(path, 3, false, &im), ERR_INPUT);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(image_read(path, 3, false, &im), ERR_INPUT);
  assert_non_null(strstr(err_message(), "pipe.png"));
  assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(grey_and_rgb_convert_into_each_other),
      cmocka_unit_test(sixteen_bits_keep_the_high_byte),
      cmocka_unit_test(faults_are_told_apart),
      cmocka_unit_test(every_cut_of_a_file_is_damaged),
      cmocka_unit_test(every_changed_bit_ends_well),
      cmocka_unit_test(too_many_pixels_are_refused_from_the_header),
      cmocka_unit_test(a_large_header_over_little_data_is_damaged),
      cmocka_unit_test(a_constant_image_stays_constant),
      cmocka_unit_test(a_wrong_size_says_what_to_set),
      cmocka_unit_test(a_crop_is_centred_and_padded_with_zeros),
      cmocka_unit_test(an_extreme_aspect_is_too_large),
      cmocka_unit_test(normalising_takes_planes_strides_and_bgr),
      cmocka_unit_test(a_pipe_or_a_missing_file_is_refused_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
