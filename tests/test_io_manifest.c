/** @file
 *  CSV manifests: quotes, targets, boxes, errors by line; and the hash of the list. */
#include "tests/tiny_folder.h"

static void a_manifest_is_read_with_quotes_targets_and_boxes(void **state)
{
  struct recipe r = recipe_of(true);

  (void)state;
  make_dir("sub");
  put_png("sub/a, \"b\".png");
  put_text("sub/list.csv", "\xEF\xBB\xBFName,FILE,targets,xmin,ymin,xmax,ymax,label\r\n"
                           "dog,\"a, \"\"b\"\".png\",dog; 2 ;cat,0,1,2,1,red fox\r\n"
                           "\r\n"
                           "dog,absent.png,,,,,,\r\n"
                           "dog,\"new\nline.png\",dog house,,,,,3");
  struct dataset *d = open_ok("sub/list.csv", &r, 0);
  assert_int_equal(dataset_count(d), 3);
  struct sample s = dataset_sample(d, 0);
  assert_string_equal(s.path, "a, \"b\".png");
  assert_int_equal(s.label, 2);
  assert_int_equal(s.n_targets, 3);
  assert_true(s.target[0] == 1 && s.target[1] == 2 && s.target[2] == 0);
  assert_true(s.has_box && s.box[0] == 0 && s.box[1] == 1 && s.box[2] == 2 && s.box[3] == 1);
  s = dataset_sample(d, 1);
  assert_true(s.label == -1 && s.n_targets == 0 && !s.has_box);
  s = dataset_sample(d, 2);
  assert_string_equal(s.path, "new%0Aline.png");
  assert_true(s.label == 3 && s.target[0] == 3);
  dataset_close(&d);
}

static void a_bad_manifest_is_named_with_its_line(void **state)
{
  static const struct {
    const char *text, *reason;
  } bad[] = {
      {"", "no header"},
      {"picture,label\na.png,cat\n", "line 1: no column 'path'"},
      {"path,xmin\na.png,3\n", "line 1: a box needs"},
      {"path,label\na.png,cat\nb.png,dgo\n", "line 3: the label 'dgo'"},
      {"path,label\n\"a\n.png\",cat\nb.png,dgo\n", "line 4"},
      {"path,label\na.png\n", "line 2: 1 fields where the header has 2"},
      {"path,label\na.png,cat,1\n", "line 2: 3 fields"},
      {"path,label\n,cat\n", "line 2: no path"},
      {"path,label\n\"a.png,cat\n", "line 2: a quote"},
      {"path,label\n\"a.png\"x,cat\n", "line 2: text after"},
      {"path,label\na.png,4\n", "line 2: the label '4'"},
      {"path,label\na.png,-1\n", "line 2: the label '-1'"},
      {"path,targets\na.png,cat;wolf\n", "line 2: the label 'wolf'"},
      {"path,targets\na.png,0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0\n", "line 2: more than 16"},
      {"path,xmin,ymin,xmax,ymax\na.png,1,1,2,\n", "line 2: a box of 3"},
      {"path,xmin,ymin,xmax,ymax\na.png,1,1,0,2\n", "line 2: the box ends"},
      {"path,xmin,ymin,xmax,ymax\na.png,1,1,2,2.5\n", "line 2: ymax '2.5'"},
      {"path,xmin,ymin,xmax,ymax\na.png,-1,1,2,2\n", "line 2: xmin '-1'"},
  };
  struct recipe r = recipe_of(true), nameless = recipe_of(false);

  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    put_text("list.csv", bad[i].text);
    refused("list.csv", &r, ERR_FORMAT, bad[i].reason);
    assert_non_null(strstr(err_message(), "list.csv"));
  }
  put_text("list.csv", "path,label\na.png,cat\n");
  refused("list.csv", &nameless, ERR_FORMAT, "--classes FILE");
  put_text("list.csv", "path,label\n");
  refused("list.csv", &r, ERR_INPUT, "no samples");
  put("list.csv", "path\na\0.png\n", 12);
  refused("list.csv", &r, ERR_FORMAT, "not a text file");
}

static void a_name_of_two_classes_is_no_label(void **state)
{
  static char *twice[] = {"crane", "dog", "crane", "fox"};
  struct recipe r = recipe_of(true);

  (void)state;
  r.classes = twice;
  put_text("list.csv", "path,label\na.png,crane\n");
  refused("list.csv", &r, ERR_FORMAT, "2 classes have the name 'crane'");
}

static void open_list(const struct recipe *r, const char *text, char hex[65])
{
  put_text("list.csv", text);
  struct dataset *d = open_ok("list.csv", r, 0);
  memcpy(hex, dataset_sha256(d), 65);
  dataset_close(&d);
}

static void the_hash_follows_all_that_the_list_says(void **state)
{
  static const char *const lists[] = {
      "path,label,targets,xmin,ymin,xmax,ymax\na.png,cat,dog,0,0,1,1\n",
      "path,label,targets,xmin,ymin,xmax,ymax\nb.png,cat,dog,0,0,1,1\n",
      "path,label,targets,xmin,ymin,xmax,ymax\na.png,dog,dog,0,0,1,1\n",
      "path,label,targets,xmin,ymin,xmax,ymax\na.png,cat,cat,0,0,1,1\n",
      "path,label,targets,xmin,ymin,xmax,ymax\na.png,cat,dog;dog,0,0,1,1\n",
      "path,label,targets,xmin,ymin,xmax,ymax\na.png,cat,dog,0,0,1,2\n",
      "path,label,targets,xmin,ymin,xmax,ymax\na.png,cat,dog,,,,\n",
      "path,label,targets,xmin,ymin,xmax,ymax\na.png,cat,dog,0,0,1,1\na.png,cat,dog,0,0,1,1\n",
  };
  enum { N = sizeof lists / sizeof *lists };
  struct recipe r = recipe_of(true);
  char hex[N + 1][65];

  (void)state;
  for (int i = 0; i < N; i++) open_list(&r, lists[i], hex[i]);
  put_png("a.png");
  open_list(&r, lists[0], hex[N]);
  for (int i = 0; i <= N; i++)
    for (int k = 0; k < i; k++) assert_string_not_equal(hex[i], hex[k]);
  open_list(&r, "file,name,targets,xmax,ymax,xmin,ymin\na.png,0,1,1,1,0,0\n", hex[0]);
  assert_string_equal(hex[0], hex[N]); /* the same list in other words */
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)

int main(void)
{
  const struct CMUnitTest tests[] = {
      IN_FOLDER(a_manifest_is_read_with_quotes_targets_and_boxes),
      IN_FOLDER(a_bad_manifest_is_named_with_its_line),
      IN_FOLDER(a_name_of_two_classes_is_no_label),
      IN_FOLDER(the_hash_follows_all_that_the_list_says),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
