/** @file
 *  The nearest names of a mistyped one. */
#include "core/nearest.h"
#include "tests/check.h"

#include <string.h>

static const char *const words[] = {"gradient", "guided",       "grad_cam", "deconvnet",
                                    "normgrad", "gradient_sum", "all",      "x"};
enum { N = sizeof words / sizeof *words };

static void assert_near(const char *typed, const char *want)
{
  char text[200];
  assert_string_equal(nearest_text(typed, words, N, text, sizeof text), want);
}

static void each_kind_of_slip_is_found(void **state)
{
  (void)state;
  assert_near("guidde", "; did you mean 'guided'?");        /* swapped */
  assert_near("decovnet", "; did you mean 'deconvnet'?");   /* left out */
  assert_near("deconnvnet", "; did you mean 'deconvnet'?"); /* one too many */
  assert_near("daconvnet", "; did you mean 'deconvnet'?");  /* wrong */
}

static void case_and_dashes_do_not_count(void **state)
{
  (void)state;
  assert_near("GRAD-CAM", "; did you mean 'grad_cam'?");
}

static void a_name_is_offered_once(void **state)
{
  const char *const near[] = {"relu", "relu", "relut", "relu"};
  char text[200];

  (void)state;
  assert_string_equal(nearest_text("relux", near, 4, text, sizeof text),
                      "; did you mean 'relu' or 'relut'?");
}

static void nearest_come_first_and_three_at_most(void **state)
{
  const char *const near[] = {"abcdefxyz", "abcdefghx", "abcdefgxy", "abcdefghi"};
  char text[200];

  (void)state;
  assert_string_equal(nearest_text("abcdefghi", near, 4, text, sizeof text),
                      "; did you mean 'abcdefghi', 'abcdefghx' or 'abcdefgxy'?");
}

static void a_part_is_near_but_after_a_slip(void **state)
{
  (void)state;
  assert_near("gradien", "; did you mean 'gradient' or 'gradient_sum'?");
  assert_near("norm", "; did you mean 'normgrad'?");
  assert_near("sum", "; did you mean 'gradient_sum'?");
}

static void nothing_near_gives_nothing(void **state)
{
  (void)state;
  assert_near("zzzzzz", "");
  assert_near("", "");
  assert_near("y", ""); /* one letter for another is no likeness */
  char text[8];
  assert_string_equal(nearest_text("any", NULL, 0, text, sizeof text), "");
}

static void distance_is_at_most_a_third(void **state)
{
  const char *const one[] = {"abcdefghijkl"};
  char text[80];

  (void)state;
  assert_string_not_equal(nearest_text("abcdefghXXXX", one, 1, text, sizeof text),
                          "");                                                      /* 4 of 12 */
  assert_string_equal(nearest_text("abcdefgXXXXX", one, 1, text, sizeof text), ""); /* 5 of 12 */
}

static void only_whole_names_are_offered(void **state)
{
  const char *const pair[] = {"abcdefgh", "abcdefgx"};
  char text[32]; /* "; did you mean 'abcdefgh'?" has 26 letters, with both it has 40 */

  (void)state;
  assert_string_equal(nearest_text("abcdefgh", pair, 2, text, sizeof text),
                      "; did you mean 'abcdefgh'?");
  assert_string_equal(nearest_text("abcdefgh", pair, 2, text, 26), "");
}

static void long_names_do_not_overrun(void **state)
{
  char name[1000], text[2100];
  const char *const one[] = {name};

  (void)state;
  memset(name, 'a', sizeof name - 1);
  name[sizeof name - 1] = 0;
  assert_string_not_equal(nearest_text(name, one, 1, text, sizeof text), "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_kind_of_slip_is_found),
      cmocka_unit_test(case_and_dashes_do_not_count),
      cmocka_unit_test(a_name_is_offered_once),
      cmocka_unit_test(nearest_come_first_and_three_at_most),
      cmocka_unit_test(a_part_is_near_but_after_a_slip),
      cmocka_unit_test(nothing_near_gives_nothing),
      cmocka_unit_test(distance_is_at_most_a_third),
      cmocka_unit_test(only_whole_names_are_offered),
      cmocka_unit_test(long_names_do_not_overrun),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
