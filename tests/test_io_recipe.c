/** @file
 *  The recipe: both dialects of JSON, options, class lists, and clear errors. */
#include "io/recipe.h"
#include "tests/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct shape rgb = {4, {1, 3, 96, 64}};
static const struct shape grey = {4, {1, 1, 28, 28}};

static char folder[] = "/tmp/recipe_XXXXXX";
static char path[64];

static int make_folder(void **state)
{
  (void)state;
  return mkdtemp(folder) ? 0 : 1;
}

static int remove_folder(void **state)
{
  static const char *const names[] = {"m.json", "classes.csv", "classes.txt"};

  (void)state;
  for (int i = 0; i < 3; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    (void)unlink(path);
  }
  return rmdir(folder);
}

static const char *put(const char *name, const char *text)
{
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0);
  assert_int_equal(fclose(f), 0);
  return path;
}

static struct recipe read_ok(const char *json, const struct shape *input, int n)
{
  struct recipe r = {0};
  const err e = recipe_read(json ? put("m.json", json) : NULL, input, n, &r);
  if (e) print_message("%s\n", err_message());
  assert_int_equal(e, ERR_OK);
  return r;
}

static void without_a_file_there_are_defaults(void **state)
{
  struct recipe r = read_ok(NULL, &rgb, 5);

  (void)state;
  assert_int_equal(r.channels, 3);
  assert_int_equal(r.height, 96);
  assert_int_equal(r.width, 64);
  assert_true(r.scale == 1.0 / 255.0 && r.mean[2] == 0.0 && r.std[2] == 1.0);
  assert_true(r.resize == RESIZE_NONE && !r.crop && !r.bgr && !r.exif && !r.classes);
  recipe_free(&r);
}

static void a_model_that_takes_no_image_is_refused(void **state)
{
  static const struct shape vector = {2, {1, 10}}, five = {4, {1, 5, 8, 8}};
  struct recipe r;

  (void)state;
  assert_int_equal(recipe_read(NULL, &vector, 2, &r), ERR_SHAPE);
  assert_non_null(strstr(err_message(), "[N, 10]"));
  assert_int_equal(recipe_read(NULL, &five, 2, &r), ERR_SHAPE);
}

static void the_dialect_of_the_demo_is_read(void **state)
{
  struct recipe r = read_ok(
      "{\"input\": \"input\", \"size\": [96, 64], \"layout\": \"NCHW\", \"channels\": \"RGB\","
      "\"scale\": 0.5, \"mean\": [1, 2, 3], \"std\": [4, 5, 6.5], \"resize\": null, \"crop\": "
      "null, \"classes\": [\"cat\", \"dog\"], \"other\": {}}",
      &rgb, 2);

  (void)state;
  assert_true(r.scale == 0.5 && r.mean[1] == 2.0 && r.std[2] == 6.5 && r.resize == RESIZE_NONE &&
              !r.crop);
  assert_int_equal(recipe_class(&r, "dog"), 1);
  assert_int_equal(recipe_class(&r, "0"), 0);
  assert_int_equal(recipe_class(&r, "2"), -1);
  assert_int_equal(recipe_class(&r, "-1"), -1);
  assert_int_equal(recipe_class(&r, "1x"), -1);
  assert_int_equal(recipe_class(&r, ""), -1);
  assert_int_equal(recipe_class(&r, "99999999999999999999"), -1);
  assert_string_equal(recipe_class_name(&r, 0), "cat");
  assert_null(recipe_class_name(&r, 2));
  recipe_free(&r);
}

static void the_dialect_of_the_models_is_read(void **state)
{
  (void)put("classes.csv", "class_id,wnid,name\n1,n2,crane\n0,n1,\"fish, gold\"\n2,n3,crane\n");
  struct recipe r = read_ok(
      "{\"input_size\": [3, 96, 64], \"channel_order\": \"BGR\", \"mean\": [0, 0, 0], \"std\": [1, "
      "1, 1], \"resize\": {\"short_side\": 120, \"interpolation\": \"bicubic (PIL)\", "
      "\"centre_crop\": [96, 64]}, \"classes_file\": \"classes.csv\"}",
      &rgb, 3);

  (void)state;
  assert_true(r.bgr && r.crop && r.resize == RESIZE_SHORT_SIDE && r.filter == FILTER_BICUBIC);
  assert_int_equal(r.resize_to, 120);
  assert_true(r.scale == 1.0 / 255.0);
  assert_int_equal(recipe_class(&r, "fish, gold"), 0);
  assert_int_equal(recipe_class(&r, "n3"), 2);
  assert_int_equal(recipe_class(&r, "crane"), -1); /* two classes have it */
  recipe_free(&r);
  r = read_ok("{\"channel_order\": \"GRAY\", \"mean\": [0.5], \"std\": 0.25, \"resize\": [28, 28], "
              "\"crop\": true}",
              &grey, 3);
  assert_true(r.resize == RESIZE_EXACT && r.resize_height == 28 && r.crop && r.std[0] == 0.25);
  recipe_free(&r);
  r = read_ok("{\"resize\": 40, \"crop\": 28}", &grey, 3);
  assert_true(r.resize == RESIZE_SHORT_SIDE && r.resize_to == 40 && r.crop);
  recipe_free(&r);
}

static void a_wrong_file_is_named_with_its_key(void **state)
{
  static const struct {
    const char *json, *key;
    err code;
  } bad[] = {
      {"[1]", "not a JSON object", ERR_FORMAT},
      {"{\"mean\": [0, 0, 0]", "line 1", ERR_FORMAT},
      {"", "m.json", ERR_FORMAT},
      {"{\"mean\": \"0.5\"}", "\"mean\"", ERR_FORMAT},
      {"{\"mean\": [0, 0]}", "\"mean\"", ERR_FORMAT},
      {"{\"mean\": [0]}", "\"mean\"", ERR_FORMAT},
      {"{\"mean\": []}", "\"mean\"", ERR_FORMAT},
      {"{\"mean\": [0, 0, 0, 0]}", "\"mean\"", ERR_FORMAT},
      {"{\"mean\": [0, null, 0]}", "\"mean\"", ERR_FORMAT},
      {"{\"mean\": [0, 1e999, 0]}", "m.json", ERR_FORMAT},
      {"{\"mean\": [0, NaN, 0]}", "m.json", ERR_FORMAT},
      {"{\"std\": [1, 0, 1]}", "\"std\"", ERR_FORMAT},
      {"{\"std\": [1, 1, -1]}", "\"std\"", ERR_FORMAT},
      {"{\"scale\": 0}", "\"scale\"", ERR_FORMAT},
      {"{\"scale\": [1]}", "\"scale\"", ERR_FORMAT},
      {"{\"size\": [96, 96]}", "\"size\"", ERR_SHAPE},
      {"{\"size\": \"big\"}", "\"size\"", ERR_FORMAT},
      {"{\"input_size\": [1, 96, 64]}", "\"input_size\"", ERR_SHAPE},
      {"{\"layout\": \"NHWC\"}", "\"layout\"", ERR_UNSUPPORTED},
      {"{\"channels\": \"GRAY\"}", "\"channels\"", ERR_FORMAT},
      {"{\"channels\": \"CMYK\"}", "\"channels\"", ERR_FORMAT},
      {"{\"channels\": 1}", "\"channels\"", ERR_SHAPE},
      {"{\"resize\": true}", "\"resize\"", ERR_FORMAT},
      {"{\"resize\": 0}", "\"resize\"", ERR_FORMAT},
      {"{\"resize\": 1.5}", "\"resize\"", ERR_FORMAT},
      {"{\"resize\": [1, 2, 3]}", "\"resize\"", ERR_FORMAT},
      {"{\"resize\": {\"short_side\": \"256\"}}", "short_side", ERR_FORMAT},
      {"{\"resize\": {\"interpolation\": \"sinc\"}}", "\"resize\"", ERR_FORMAT},
      {"{\"resize\": {\"centre_crop\": 224}}", "\"resize\"", ERR_SHAPE},
      {"{\"crop\": 224}", "\"crop\"", ERR_SHAPE},
      {"{\"crop\": {}}", "\"crop\"", ERR_FORMAT},
      {"{\"exif\": 1}", "\"exif\"", ERR_FORMAT},
      {"{\"classes\": [\"a\"]}", "1 class names for a model of 2", ERR_FORMAT},
      {"{\"classes\": [\"a\", 2]}", "\"classes\"", ERR_FORMAT},
      {"{\"classes\": [\"a\", \"\"]}", "\"classes\"", ERR_FORMAT},
      {"{\"classes\": {\"0\": \"a\"}}", "\"classes\"", ERR_FORMAT},
      {"{\"classes_file\": \"absent.csv\"}", "absent.csv", ERR_INPUT},
      {"{\"classes_file\": \"../../etc/passwd\"}", "leaves the folder", ERR_FORMAT},
      {"{\"classes_file\": \"/etc/passwd\"}", "leaves the folder", ERR_FORMAT},
      {"{\"classes_file\": 7}", "\"classes_file\"", ERR_FORMAT},
  };
  struct recipe r;

  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const err e = recipe_read(put("m.json", bad[i].json), &rgb, 2, &r);
    if (e != bad[i].code || !strstr(err_message(), bad[i].key))
      print_message("%s -> %d %s\n", bad[i].json, (int)e, err_message());
    assert_int_equal(e, bad[i].code);
    assert_non_null(strstr(err_message(), bad[i].key));
    assert_non_null(strstr(err_message(), "m.json"));
  }
  assert_int_equal(recipe_read("/nowhere/m.json", &rgb, 2, &r), ERR_INPUT);
}

static void class_files_come_as_lines_or_as_csv(void **state)
{
  static const struct {
    const char *name, *text;
  } good[] = {
      {"classes.txt", "cat\ndog\n"},
      {"classes.txt", "cat\r\ndog"},
      {"classes.txt", "class_id,name\n1,dog\n0,cat\n"},
      {"classes.csv", "\xEF\xBB\xBFname\ncat\ndog\n"},
      {"classes.csv", "index,extra,label\n0,x,cat\n\n1,\"y\n\",\"dog\"\n"},
  };
  static const struct {
    const char *name, *text, *reason;
  } bad[] = {
      {"classes.txt", "cat\n", "1 class names for a model of 2"},
      {"classes.txt", "cat\ndog\nfox\n", "class 2 for a model of 2"},
      {"classes.txt", "cat\n\ndog\n", "line 2"},
      {"classes.txt", "cat\nd\xFFg\n", "line 2"},
      {"classes.csv", "cat,0\ndog,1\n", "no column name"},
      {"classes.csv", "class_id,name\n0,cat\n0,dog\n", "twice"},
      {"classes.csv", "class_id,name\n0,cat\n7,dog\n", "line 3"},
      {"classes.csv", "class_id,name\n0,cat\nx,dog\n", "line 3"},
      {"classes.csv", "class_id,name\n0,cat\n1\n", "line 3"},
      {"classes.csv", "class_id,name\n0,\"cat\n", "line 2"},
      {"classes.csv", "", "no header"},
  };
  struct recipe r = read_ok(NULL, &rgb, 2);

  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_int_equal(recipe_set(&r, "classes", put(good[i].name, good[i].text)), ERR_OK);
    assert_int_equal(recipe_class(&r, "dog"), 1);
    assert_int_equal(recipe_class(&r, "cat"), 0);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(recipe_set(&r, "classes", put(bad[i].name, bad[i].text)), ERR_FORMAT);
    if (!strstr(err_message(), bad[i].reason))
      print_message("%s -> %s\n", bad[i].text, err_message());
    assert_non_null(strstr(err_message(), bad[i].reason));
  }
  assert_int_equal(recipe_set(&r, "classes", "/nowhere/classes.txt"), ERR_INPUT);
  assert_int_equal(recipe_class(&r, "dog"), 1); /* failures change nothing */
  recipe_free(&r);
}

static void options_change_settings(void **state)
{
  static const char *const bad[][2] = {
      {"resize", "0"},        {"resize", "-4"},    {"resize", "4x"},          {"resize", "1e3"},
      {"resize", "99999999"}, {"resize", ""},      {"filter", "linear"},      {"filter", ""},
      {"crop", "yes"},        {"scale", "0"},      {"scale", "nan"},          {"scale", "1,2"},
      {"mean", "1,2"},        {"mean", "1,2,3,4"}, {"mean", "1,x,3"},         {"mean", "1,,3"},
      {"std", "0"},           {"std", "inf"},      {"channel-order", "GRAY"}, {"exif", "on"},
      {"colour", "purple"},
  };
  struct recipe r = read_ok(NULL, &rgb, 2);

  (void)state;
  assert_int_equal(recipe_set(&r, "resize", "256"), ERR_OK);
  assert_true(r.resize == RESIZE_SHORT_SIDE && r.resize_to == 256);
  assert_int_equal(recipe_set(&r, "resize", "256x320"), ERR_OK);
  assert_true(r.resize == RESIZE_EXACT && r.resize_height == 256 && r.resize_width == 320);
  assert_int_equal(recipe_set(&r, "filter", "lanczos"), ERR_OK);
  assert_int_equal(recipe_set(&r, "crop", "centre"), ERR_OK);
  assert_int_equal(recipe_set(&r, "scale", "1"), ERR_OK);
  assert_int_equal(recipe_set(&r, "mean", "0.485,0.456,0.406"), ERR_OK);
  assert_int_equal(recipe_set(&r, "std", "0.5"), ERR_OK);
  assert_int_equal(recipe_set(&r, "channel-order", "BGR"), ERR_OK);
  assert_int_equal(recipe_set(&r, "exif", "apply"), ERR_OK);
  char *before = recipe_text(&r);
  assert_string_equal(
      before,
      "{\"bgr\": true, \"channels\": 3, \"crop\": \"centre\", \"exif\": true, \"filter\": "
      "\"lanczos\", "
      "\"height\": 96, \"mean\": [0.48499999999999999, 0.45600000000000002, 0.40600000000000003], "
      "\"resize\": [256, 320], \"scale\": 1, \"std\": [0.5, 0.5, 0.5], \"width\": 64}");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(recipe_set(&r, bad[i][0], bad[i][1]), ERR_USAGE);
    assert_non_null(strstr(err_message(), bad[i][0]));
  }
  char *after = recipe_text(&r);
  assert_string_equal(after, before); /* failures change nothing */
  free(before);
  free(after);
  assert_int_equal(recipe_set(&r, "resize", "none"), ERR_OK);
  assert_int_equal(recipe_set(&r, "filter", "box"), ERR_OK);
  char *text = recipe_text(&r);
  assert_null(strstr(text, "filter")); /* decides nothing where nothing is resized */
  free(text);
  recipe_free(&r);
}

static void shipped_models_are_read(void **state)
{
  static const struct {
    const char *path;
    int channels, side, n;
    const char *first;
  } files[] = {
      {"demo/shapes.json", 3, 96, 8, "circle"},
      {"models/mobilenet_v2_1.0_224.json", 3, 224, 1000, "tench"},
      {"models/squeezenet_v1.0.json", 3, 227, 1000, "tench"},
      {"models/resnet20.json", 3, 32, 10, "airplane"},
      {"models/backdoor/bd01.json", 3, 32, 10, "airplane"},
      {"models/backdoor_thirdparty/badnets_twoconv_mnist_t1.json", 1, 28, 10, NULL},
  };
  const char *data = getenv("SHARED_DATA");
  char file[512];
  struct recipe r;

  (void)state;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    const struct shape input = {4, {1, files[i].channels, files[i].side, files[i].side}};
    (void)snprintf(file, sizeof file, "%s/%s", data ? data : ".", files[i].path);
    if (access(file, R_OK) != 0) {
      print_message("skipped: no %s below SHARED_DATA\n", files[i].path);
      continue;
    }
    const err e = recipe_read(file, &input, files[i].n, &r);
    if (e) print_message("%s\n", err_message());
    assert_int_equal(e, ERR_OK);
    assert_true(!files[i].first == !r.classes);
    if (r.classes) assert_string_equal(r.classes[0], files[i].first);
    recipe_free(&r);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_file_there_are_defaults),
      cmocka_unit_test(a_model_that_takes_no_image_is_refused),
      cmocka_unit_test(the_dialect_of_the_demo_is_read),
      cmocka_unit_test(the_dialect_of_the_models_is_read),
      cmocka_unit_test(a_wrong_file_is_named_with_its_key),
      cmocka_unit_test(class_files_come_as_lines_or_as_csv),
      cmocka_unit_test(options_change_settings),
      cmocka_unit_test(shipped_models_are_read),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
