/** @file
 *  Options from the command line and from study files, and their record. */
#include "jobs/option.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGS = 12 };

static const struct option table[] = {
    {"model", OPTION_TEXT, ROLE_SETTING, "FILE", NULL, "a model"},
    {"layers", OPTION_LIST, ROLE_SETTING, "LIST", "all", "some layers"},
    {"unit", OPTION_INT, ROLE_SETTING, "N", "16", "a number"},
    {"spread", OPTION_REAL, ROLE_SETTING, "R", "0.1", "a number"},
    {"bgr", OPTION_FLAG, ROLE_SETTING, NULL, NULL, "a flag"},
    {"on", OPTION_FLAG, ROLE_SETTING, NULL, "true", "a flag that is on"},
    {"out", OPTION_TEXT, ROLE_RUN, "FILE", NULL, "a file"},
    {0},
};

/** options_parse of the job "attribute" with the arguments up to NULL. */
static err parse_args(struct options **o, const char *const *args)
{
  static char text[ARGS][80]; /* options keep pointers to argv[0] */
  char *argv[ARGS];
  int argc = 1;

  argv[0] = text[0];
  (void)snprintf(text[0], sizeof text[0], "attribute");
  for (; *args; args++, argc++) {
    assert_true(argc < ARGS && strlen(*args) < sizeof text[0]);
    argv[argc] = text[argc];
    (void)snprintf(text[argc], sizeof text[argc], "%s", *args);
  }
  *o = NULL;
  return options_parse(table, "model", argc, argv, o);
}

#define PARSE(o, ...) parse_args(o, (const char *const[]){__VA_ARGS__})

static void assert_says(err e, err want, const char *part)
{
  assert_int_equal(e, want);
  if (!strstr(err_message(), part)) fail_msg("'%s' is not in '%s'", part, err_message());
}

static void assert_list(const struct options *o, const char *name, const char *want)
{
  char text[200] = "";
  int n = 0;
  const char *const *item = options_list(o, name, &n);

  for (int i = 0; i < n; i++) {
    const size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used, "%s;", item[i]);
  }
  assert_string_equal(text, want);
}

/** A study file of that text; the caller frees the path. */
static char *study(const char *text)
{
  char *path = strdup("/tmp/test_jobs_option_XXXXXX");
  const int fd = mkstemp(path);

  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  (void)close(fd);
  return path;
}

/** Parse a study file of that text. */
static err parse_study(struct options **o, const char *text)
{
  char *path = study(text);
  const err e = PARSE(o, "--study", path, NULL);

  (void)unlink(path);
  free(path);
  return e;
}

static void assert_refused(const char *text, const char *part)
{
  struct options *o = NULL;
  const err e = parse_study(&o, text);

  if (!e) fail_msg("accepted: %s", text);
  assert_true(e == ERR_USAGE || e == ERR_FORMAT);
  if (!strstr(err_message(), part)) fail_msg("'%s' is not in '%s'", part, err_message());
  assert_null(o);
}

static void defaults_hold_where_nothing_is_given(void **state)
{
  struct options *o = NULL;

  (void)state;
  assert_int_equal(PARSE(&o, NULL), ERR_OK);
  assert_null(options_text(o, "model"));
  assert_list(o, "layers", "all;");
  assert_int_equal(options_int(o, "unit"), 16);
  assert_true(options_real(o, "spread") == 0.1);
  assert_false(options_flag(o, "bgr"));
  assert_true(options_flag(o, "on"));
  assert_false(options_given(o, "unit"));
  assert_says(options_need(o, "model"), ERR_USAGE, "--model FILE is needed");
  assert_int_equal(options_need(o, "unit"), ERR_OK);
  options_free(&o);
  assert_null(o);
}

static void every_form_of_an_option_is_read(void **state)
{
  struct options *o = NULL;

  (void)state;
  assert_int_equal(PARSE(&o, "--unit", "3", "--spread=-2.5e-1", "--bgr", "--no-on", "m.onnx",
                         "--set", "out=--x=y", NULL),
                   ERR_OK);
  assert_int_equal(options_int(o, "unit"), 3);
  assert_true(options_real(o, "spread") == -0.25);
  assert_true(options_flag(o, "bgr"));
  assert_false(options_flag(o, "on"));
  assert_string_equal(options_text(o, "model"), "m.onnx");
  assert_string_equal(options_text(o, "out"), "--x=y");
  assert_true(options_given(o, "on"));
  options_free(&o);
}

static void the_last_of_two_wins(void **state)
{
  struct options *o = NULL;

  (void)state;
  assert_int_equal(PARSE(&o, "--unit=1", "--bgr=true", "--layers=a,b", "--unit=2", "--no-bgr",
                         "--layers", "c", NULL),
                   ERR_OK);
  assert_int_equal(options_int(o, "unit"), 2);
  assert_false(options_flag(o, "bgr"));
  assert_list(o, "layers", "c;");
  options_free(&o);
}

static void two_dashes_end_the_options(void **state)
{
  struct options *o = NULL;

  (void)state;
  assert_int_equal(PARSE(&o, "--", "--unit", NULL), ERR_OK);
  assert_string_equal(options_text(o, "model"), "--unit");
  options_free(&o);
}

static void commas_in_brackets_do_not_separate(void **state)
{
  struct options *o = NULL;

  (void)state;
  assert_int_equal(PARSE(&o, "--layers", "f(a=1,b=[2,3])[x,(y,z)], c ,d", NULL), ERR_OK);
  assert_list(o, "layers", "f(a=1,b=[2,3])[x,(y,z)];c;d;");
  options_free(&o);
  assert_says(PARSE(&o, "--layers", "f(a,b", NULL), ERR_USAGE, "brackets do not pair up");
  assert_says(PARSE(&o, "--layers", "f(a,b]", NULL), ERR_USAGE, "brackets do not pair up");
  assert_says(PARSE(&o, "--layers", "a)", NULL), ERR_USAGE, "brackets do not pair up");
  assert_says(PARSE(&o, "--layers", "a,,b", NULL), ERR_USAGE, "item 2 of the list is empty");
  assert_says(PARSE(&o, "--layers", "a,", NULL), ERR_USAGE, "item 2 of the list is empty");
}

static void wrong_values_are_refused_by_name(void **state)
{
  struct options *o = NULL;

  (void)state;
  assert_says(PARSE(&o, "--unit", "12x", NULL), ERR_USAGE, "--unit: '12x' is not a whole number");
  assert_says(PARSE(&o, "--unit", "1.5", NULL), ERR_USAGE, "not a whole number");
  assert_says(PARSE(&o, "--unit= 1", NULL), ERR_USAGE, "not a whole number");
  assert_says(PARSE(&o, "--unit=-", NULL), ERR_USAGE, "not a whole number");
  assert_says(PARSE(&o, "--unit=9223372036854775808", NULL), ERR_USAGE, "64 bits");
  assert_says(PARSE(&o, "--spread=1e999", NULL), ERR_USAGE, "too large");
  assert_says(PARSE(&o, "--spread=nan", NULL), ERR_USAGE, "not a number");
  assert_says(PARSE(&o, "--spread=0x1p3", NULL), ERR_USAGE, "not a number");
  assert_says(PARSE(&o, "--spread=1,5", NULL), ERR_USAGE, "not a number");
  assert_says(PARSE(&o, "--bgr=yes", NULL), ERR_USAGE, "neither true nor false");
  assert_says(PARSE(&o, "--no-bgr=true", NULL), ERR_USAGE, "--no-bgr takes no value");
  assert_says(PARSE(&o, "--out=", NULL), ERR_USAGE, "--out: the value is empty");
  assert_says(PARSE(&o, "--out=\xff", NULL), ERR_USAGE, "UTF-8");
  assert_says(PARSE(&o, "--out=\xc0\xaf", NULL), ERR_USAGE, "UTF-8");
  assert_says(PARSE(&o, "--set", "unit", NULL), ERR_USAGE, "name=value is wanted");
  assert_says(PARSE(&o, "--set", "unit=x", NULL), ERR_USAGE, "--set unit: 'x'");
  assert_null(o);
}

static void numbers_at_the_ends_of_their_range_are_read(void **state)
{
  struct options *o = NULL;

  (void)state;
  assert_int_equal(
      PARSE(&o, "--unit=-9223372036854775808", "--spread=1.7976931348623157e308", NULL), ERR_OK);
  assert_true(options_int(o, "unit") == INT64_MIN);
  assert_true(options_real(o, "spread") > 1.7e308);
  options_free(&o);
}

static void missing_and_surplus_arguments_are_refused(void **state)
{
  struct options *o = NULL;

  (void)state;
  assert_says(PARSE(&o, "--out", NULL), ERR_USAGE, "--out needs a value");
  assert_says(PARSE(&o, "--out", "--unit", "3", NULL), ERR_USAGE, "but --unit follows");
  assert_says(PARSE(&o, "--study", NULL), ERR_USAGE, "--study needs a value");
  assert_says(PARSE(&o, "a", "b", NULL), ERR_USAGE, "'b' is one argument too many: model is 'a'");
  assert_says(PARSE(&o, "-u", "3", NULL), ERR_USAGE, "two dashes");
  char job[] = "job", extra[] = "extra", *argv[] = {job, extra};
  assert_says(options_parse(table, NULL, 2, argv, &o), ERR_USAGE, "one argument too many");
}

static void unknown_names_get_the_nearest(void **state)
{
  struct options *o = NULL;

  (void)state;
  assert_says(PARSE(&o, "--layer", "x", NULL), ERR_USAGE,
              "--layer is not known; did you mean 'layers'");
  assert_says(PARSE(&o, "--studdy=x", NULL), ERR_USAGE, "did you mean 'study'");
  assert_says(PARSE(&o, "--set", "layer=x", NULL), ERR_USAGE, "did you mean 'layers'");
  assert_says(PARSE(&o, "--no-unit", NULL), ERR_USAGE, "--no-unit is not known");
  assert_refused("unit: 1\nlayer: x\n", ":2: setting layer is not known; did you mean 'layers'");
}

static void a_study_file_sets_every_kind(void **state)
{
  struct options *o = NULL;

  (void)state;
  assert_int_equal(parse_study(&o, "# comment\njob: attribute\nmodel: 'my model.onnx'\n"
                                   "layers: [\"a,b\", 'c', d(1)]\nunit: 3\nspread: 1e-3\n"
                                   "bgr: true\non: false\nout: \"\\u00e9\"\n"),
                   ERR_OK);
  assert_string_equal(options_text(o, "model"), "my model.onnx");
  assert_list(o, "layers", "a,b;c;d(1);");
  assert_int_equal(options_int(o, "unit"), 3);
  assert_true(options_real(o, "spread") == 1e-3);
  assert_true(options_flag(o, "bgr"));
  assert_false(options_flag(o, "on"));
  assert_string_equal(options_text(o, "out"), "\xc3\xa9");
  options_free(&o);
  assert_int_equal(parse_study(&o, "layers:\n  - a\n  - b\n"), ERR_OK);
  assert_list(o, "layers", "a;b;");
  options_free(&o);
  assert_int_equal(parse_study(&o, "layers: a,b\n"), ERR_OK);
  assert_list(o, "layers", "a;b;");
  options_free(&o);
  assert_int_equal(parse_study(&o, ""), ERR_OK);
  options_free(&o);
}

static void the_command_line_wins_wherever_it_stands(void **state)
{
  struct options *o = NULL;
  char *path = study("unit: 3\nlayers: [a, b]\nmodel: s.onnx\n");

  (void)state;
  assert_int_equal(PARSE(&o, "--unit=5", "--set", "layers=c", "m.onnx", "--study", path, NULL),
                   ERR_OK);
  assert_int_equal(options_int(o, "unit"), 5);
  assert_list(o, "layers", "c;");
  assert_string_equal(options_text(o, "model"), "m.onnx");
  options_free(&o);
  (void)unlink(path);
  free(path);
}

static void study_files_are_refused_by_line(void **state)
{
  struct options *o = NULL;

  (void)state;
  assert_refused("unit: 1\n\nunit: 2\n", ":3: 'unit' is set already in line 1");
  assert_refused("unit: 1\nspread: abc\n", ":2: spread: 'abc' is not a number");
  assert_refused("job: layers\n", ":1: this file is for the job 'layers', not for 'attribute'");
  assert_refused("job: [attribute]\n", ":1: this file is for the job");
  assert_refused("unit: [1, 2]\n", ":1: unit: one value is wanted, not a list");
  assert_refused("layers: []\n", ":1: layers: the list is empty");
  assert_refused("layers: [a, [b]]\n", ":1: layers: a list can only be");
  assert_refused("model:\n  path: x\n", ":2: model: maps inside");
  assert_refused("layers: [{a: b}]\n", ":1: layers: maps inside");
  assert_refused("model: &x m\nout: *x\n", ":1: model: anchors");
  assert_refused("model: m\nout: *x\n", ":2: out: aliases");
  assert_refused("? [a]\n: b\n", ": a list can only be");
  assert_refused("<<: {unit: 1}\n", ":1: <<: maps inside");
  assert_refused("unit: !!int 3\n", ":1: unit: tags");
  assert_refused("out:\n", ":1: out: nothing is given");
  assert_refused("out: ~\n", ":1: out: nothing is given");
  assert_refused("out: null\n", ":1: out: nothing is given");
  assert_refused("out: ''\n", ":1: out: the value is empty");
  assert_refused("out: \"a\\0b\"\n", "zero byte");
  assert_refused("- a\n- b\n", ":1: a study file holds lines");
  assert_refused("just words\n", ":1: a study file holds lines");
  assert_refused("unit: 1\n---\nunit: 2\n", "second document");
  assert_refused("unit: 1\n  bgr: [\n", "not YAML");
  assert_refused("unit: \xff\n", "not YAML");
  assert_says(PARSE(&o, "--study", "/no/such/file.yaml", NULL), ERR_INPUT, "/no/such/file.yaml");
  assert_says(PARSE(&o, "--study", "/", NULL), ERR_INPUT, "cannot");
  assert_says(PARSE(&o, "--study", "/dev/zero", NULL), ERR_FORMAT, "is this a study file?");
}

static void many_names_do_not_hang(void **state)
{
  enum { LINES = 100000, LINE = 8, MOST_DIGITS = 12 };
  char *text =
      malloc(LINES * LINE + MOST_DIGITS); /* the compiler does not see that i has 5 digits */

  (void)state;
  for (int i = 0; i < LINES; i++)
    (void)snprintf(text + (size_t)i * LINE, LINE + MOST_DIGITS, "a%05d:\n", i);
  assert_refused(text, ":1: a00000: nothing is given");
  for (int i = 0; i < LINES; i++)
    (void)snprintf(text + (size_t)i * LINE, LINE + MOST_DIGITS, "%05d:1\n", i);
  assert_refused(text, ":");
  for (int i = 0; i < LINES; i++)
    (void)snprintf(text + (size_t)i * LINE, LINE + MOST_DIGITS, "%04x: 1\n", i % 65536);
  assert_refused(text, "more than 1000 settings");
  free(text);
}

static void the_record_is_canonical(void **state)
{
  struct options *o = NULL;
  char *json = NULL;

  (void)state;
  assert_int_equal(PARSE(&o, "--out=o.h5", "--layers=b,a(1,2)", "--spread=1e1", "--bgr", NULL),
                   ERR_OK);
  assert_int_equal(options_config(o, &json), ERR_OK);
  assert_string_equal(json,
                      "{\"bgr\":true,\"layers\":[\"b\",\"a(1,2)\"],\"model\":null,\"on\":true,"
                      "\"spread\":10,\"unit\":16}");
  free(json);
  options_free(&o);
  assert_int_equal(PARSE(&o, "--model=q\"b\\t\tn\n\x7f\xe2\x80\xa8\xc3\xa9", "--spread=0.1", NULL),
                   ERR_OK);
  assert_int_equal(options_config(o, &json), ERR_OK);
  assert_string_equal(
      json, "{\"bgr\":false,\"layers\":[\"all\"],\"model\":\"q\\\"b\\\\t\\u0009n\\u000a"
            "\\u007f\\u2028\xc3\xa9\",\"on\":true,\"spread\":0.10000000000000001,\"unit\":16}");
  free(json);
  options_free(&o);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_hold_where_nothing_is_given),
      cmocka_unit_test(every_form_of_an_option_is_read),
      cmocka_unit_test(the_last_of_two_wins),
      cmocka_unit_test(two_dashes_end_the_options),
      cmocka_unit_test(commas_in_brackets_do_not_separate),
      cmocka_unit_test(wrong_values_are_refused_by_name),
      cmocka_unit_test(numbers_at_the_ends_of_their_range_are_read),
      cmocka_unit_test(missing_and_surplus_arguments_are_refused),
      cmocka_unit_test(unknown_names_get_the_nearest),
      cmocka_unit_test(a_study_file_sets_every_kind),
      cmocka_unit_test(the_command_line_wins_wherever_it_stands),
      cmocka_unit_test(study_files_are_refused_by_line),
      cmocka_unit_test(many_names_do_not_hang),
      cmocka_unit_test(the_record_is_canonical),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
