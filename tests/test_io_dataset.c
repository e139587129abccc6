/** @file
 *  Folders and CSV manifests: order, labels, statuses, odd names.  HDF5 is tested by io_dataset_files.py. */
#include "io/dataset.h"
#include "io/image.h"
#include "tests/check.h"
#include "tests/tiny_images.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t six[] = {10, 20, 30, 40, 50, 60};
static char *cat_dog_fox[] = {"cat", "dog", "red fox", "dog house"};

/* All tests work in a folder of their own, which is the working folder meanwhile. */
static int enter_folder(void **state)
{
  static char name[32];

  (void)snprintf(name, sizeof name, "/tmp/dataset_XXXXXX");
  *state = mkdtemp(name);
  return *state ? chdir(*state) : 1;
}

static int leave_folder(void **state)
{
  char command[64];

  if (chdir("/") != 0) return 1;
  (void)snprintf(command, sizeof command, "rm -rf '%s'", (const char *)*state);
  return system(command); /* NOLINT(cert-env33-c): a folder name of our own making */
}

static struct recipe recipe_of(bool names)
{
  const struct shape input = {4, {1, 1, 2, 3}};
  struct recipe r = {0};
  assert_int_equal(recipe_read(NULL, &input, 4, &r), ERR_OK);
  r.scale = 1.0;
  if (names) r.classes = cat_dog_fox;
  return r;
}

static void put(const char *path, const void *bytes, size_t n)
{
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

static void put_text(const char *path, const char *text)
{
  put(path, text, strlen(text));
}

static void put_png(const char *path)
{
  struct tiny t;
  tiny_png(&t, 2, 3, 1, six);
  put(path, t.bytes, t.n);
}

static void make_dir(const char *path)
{
  assert_int_equal(mkdir(path, 0700), 0);
}

static struct dataset *open_ok(const char *path, const struct recipe *r, int64_t limit)
{
  struct dataset *d = NULL;
  const err e = dataset_open(path, r, limit, &d);
  if (e) print_message("%s\n", err_message());
  assert_int_equal(e, ERR_OK);
  return d;
}

static void refused(const char *path, const struct recipe *r, err code, const char *reason)
{
  struct dataset *d = NULL;
  const err e = dataset_open(path, r, 0, &d);
  if (e != code || !strstr(err_message(), reason)) print_message("%d %s\n", (int)e, err_message());
  assert_int_equal(e, code);
  assert_non_null(strstr(err_message(), reason));
  assert_null(d);
}

static void a_folder_is_listed_in_bytewise_order_with_labels(void **state)
{
  static const char *const want[] = {"a.PNG",           "cat/1.jpg",    "cat/10.png",
                                     "cat/deep/3.jpeg", "cat/link.png", "red fox/x.png",
                                     "zz.png"};
  static const int labels[] = {-1, 0, 0, 0, 0, 2, -1};
  struct recipe r = recipe_of(true);

  (void)state;
  make_dir("cat");
  make_dir("cat/deep");
  make_dir("red fox");
  make_dir("empty");
  put_png("zz.png");
  put_png("a.PNG");
  put_png("cat/10.png");
  put_png("cat/1.jpg");
  put_png("cat/deep/3.jpeg");
  put_png("red fox/x.png");
  put_png("cat/.hidden.png");
  put_text("cat/notes.txt", "x");
  assert_int_equal(symlink("../zz.png", "cat/link.png"), 0);
  assert_int_equal(symlink("..", "cat/deep/up"), 0);     /* a cycle */
  assert_int_equal(symlink("loop", "cat/deep/loop"), 0); /* a link to itself, no image */
  struct dataset *d = open_ok(".", &r, 0);
  assert_int_equal(dataset_count(d), 7);
  for (int i = 0; i < 7; i++) {
    assert_string_equal(dataset_sample(d, i)->path, want[i]);
    assert_int_equal(dataset_sample(d, i)->label, labels[i]);
  }
  assert_false(dataset_main_thread(d));
  struct dataset *first = open_ok(".", &r, 2);
  assert_int_equal(dataset_count(first), 2);
  assert_string_not_equal(dataset_sha256(first), dataset_sha256(d));
  dataset_close(&first);
  dataset_close(&d);
  assert_null(d);
}

static void a_folder_linked_twice_is_listed_twice(void **state)
{
  struct recipe r = recipe_of(true);

  (void)state;
  make_dir("data");
  make_dir("other");
  put_png("other/1.png");
  assert_int_equal(symlink("../other", "data/cat"), 0);
  assert_int_equal(symlink("../other", "data/dog"), 0);
  assert_int_equal(symlink("../data", "other/back"), 0); /* a cycle through both */
  struct dataset *d = open_ok("data", &r, 0);
  assert_int_equal(dataset_count(d), 2);
  assert_int_equal(dataset_sample(d, 1)->label, 1);
  dataset_close(&d);
}

static void folder_labels_must_be_classes(void **state)
{
  struct recipe r = recipe_of(true), nameless = recipe_of(false);
  struct dataset *d = NULL;

  (void)state;
  make_dir("data");
  make_dir("data/dgo");
  put_png("data/dgo/1.png");
  refused("data", &r, ERR_FORMAT, "did you mean 'dog'");
  refused("data", &nameless, ERR_FORMAT, "--classes FILE");
  assert_int_equal(rename("data/dgo", "data/3"), 0);
  d = open_ok("data", &nameless, 0);
  assert_int_equal(dataset_sample(d, 0)->label, 3);
  dataset_close(&d);
  assert_int_equal(rename("data/3", "data/4"), 0);
  refused("data", &nameless, ERR_FORMAT, "from 0 to 3");
}

static void what_is_no_data_set_is_refused(void **state)
{
  struct recipe r = recipe_of(true);

  (void)state;
  make_dir("empty");
  refused("empty", &r, ERR_INPUT, "no *.jpg");
  refused("absent", &r, ERR_INPUT, "no such data set");
  put_png("one.png");
  refused("one.png", &r, ERR_INPUT, "give a folder");
  put_text("x.h5", "not HDF5");
  refused("x.h5", &r, ERR_INPUT, "not an HDF5 file");
  refused("y.h5:x", &r, ERR_INPUT, "no such file");
}

static void odd_names_become_printable_and_are_still_found(void **state)
{
  static const char *const names[] = {"a\nb.png", "c\xFF.png", "100%.png", "d%41.png",
                                      "caf\xC3\xA9.png"};
  static const char *const want[] = {"100%.png", "a%0Ab.png", "caf\xC3\xA9.png", "c%FF.png",
                                     "d%2541.png"};
  struct recipe r = recipe_of(true);
  float x[6];
  int size[2];

  (void)state;
  make_dir("data");
  for (int i = 0; i < 5; i++) {
    char path[64];
    (void)snprintf(path, sizeof path, "data/%s", names[i]);
    put_png(path);
  }
  struct dataset *d = open_ok("data", &r, 0);
  assert_int_equal(dataset_count(d), 5);
  for (int i = 0; i < 5; i++) {
    assert_string_equal(dataset_sample(d, i)->path, want[i]);
    assert_int_equal(dataset_load(d, i, &r, 6, x, size), SAMPLE_DONE);
  }
  dataset_close(&d);
}

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
  const struct sample *s = dataset_sample(d, 0);
  assert_string_equal(s->path, "a, \"b\".png");
  assert_int_equal(s->label, 2);
  assert_int_equal(s->n_targets, 3);
  assert_true(s->target[0] == 1 && s->target[1] == 2 && s->target[2] == 0);
  assert_true(s->has_box && s->box[0] == 0 && s->box[1] == 1 && s->box[2] == 2 && s->box[3] == 1);
  s = dataset_sample(d, 1);
  assert_true(s->label == -1 && s->n_targets == 0 && !s->has_box);
  s = dataset_sample(d, 2);
  assert_string_equal(s->path, "new%0Aline.png");
  assert_true(s->label == 3 && s->target[0] == 3);
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

/** Load sample i into planes with a gap; failures must leave zeros, and nothing outside is touched. */
static enum sample_status load(struct dataset *d, int64_t i, const struct recipe *r, int size[2])
{
  float x[10];

  for (int k = 0; k < 10; k++) x[k] = -7.0F;
  const enum sample_status s = dataset_load(d, i, r, 8, x, size);
  for (int k = 0; k < 6; k++) assert_true(x[k] == (s == SAMPLE_DONE ? (float)six[k] : 0.0F));
  for (int k = 6; k < 10; k++) assert_true(x[k] == -7.0F);
  if (s != SAMPLE_DONE) assert_non_null(strstr(err_message(), dataset_sample(d, i)->path));
  return s;
}

static void every_status_is_told(void **state)
{
  struct recipe r = recipe_of(true);
  struct tiny t;
  int size[2];

  (void)state;
  tiny_png(&t, 2, 3, 1, six);
  put("0.png", t.bytes, t.n);
  put("3.png", t.bytes, t.n - 3);
  put("1.png", "", 0);
  put("2.png", "GIF89a", 6);
  tiny_png(&t, 3, 2, 1, six);
  put("4.png", t.bytes, t.n);
  tiny_png_start(&t, 16000, 16000, 0, 8);
  put("5.png", t.bytes, t.n);
  tiny_png_rows(&t, six, 2, 3);
  put("5.png", t.bytes, t.n);
  assert_int_equal(symlink("nowhere", "6.png"), 0);
  assert_int_equal(mkfifo("7.png", 0600), 0);
  static const enum sample_status want[] = {SAMPLE_DONE,       SAMPLE_EMPTY,      SAMPLE_NOT_IMAGE,
                                            SAMPLE_DAMAGED,    SAMPLE_WRONG_SIZE, SAMPLE_TOO_LARGE,
                                            SAMPLE_UNREADABLE, SAMPLE_UNREADABLE};
  struct dataset *d = open_ok(".", &r, 0);
  assert_int_equal(dataset_count(d), 8);
  for (int i = 0; i < 8; i++) assert_int_equal(load(d, i, &r, size), want[i]);
  assert_int_equal(load(d, 4, &r, size), SAMPLE_WRONG_SIZE);
  assert_true(size[0] == 3 && size[1] == 2);
  assert_non_null(strstr(err_message(), "--resize"));
  assert_int_equal(load(d, 5, &r, size), SAMPLE_TOO_LARGE);
  assert_true(size[0] == 16000 && size[1] == 16000);
  assert_int_equal(load(d, 6, &r, size), SAMPLE_UNREADABLE);
  assert_true(size[0] == 0 && size[1] == 0);
  dataset_close(&d);
}

static void the_picture_is_in_the_models_frame(void **state)
{
  struct recipe r = recipe_of(true);
  struct image im;

  (void)state;
  put_png("a.png");
  put_text("b.png", "");
  struct dataset *d = open_ok(".", &r, 0);
  assert_int_equal(dataset_picture(d, 0, &r, &im), ERR_OK);
  assert_memory_equal(im.pixel, six, 6);
  image_free(&im);
  assert_int_equal(dataset_picture(d, 1, &r, &im), ERR_FORMAT);
  assert_non_null(strstr(err_message(), "b.png"));
  dataset_close(&d);
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

static void a_files_hash_is_the_published_one(void **state)
{
  char hex[65];

  (void)state;
  put_text("abc", "abc"); /* FIPS 180-4, example 1 */
  assert_int_equal(dataset_file_sha256("abc", hex), ERR_OK);
  assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert_int_equal(dataset_file_sha256("absent", hex), ERR_INPUT);
  assert_int_equal(dataset_file_sha256(".", hex), ERR_INPUT);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)

int main(void)
{
  const struct CMUnitTest tests[] = {
      IN_FOLDER(a_folder_is_listed_in_bytewise_order_with_labels),
      IN_FOLDER(a_folder_linked_twice_is_listed_twice),
      IN_FOLDER(folder_labels_must_be_classes),
      IN_FOLDER(what_is_no_data_set_is_refused),
      IN_FOLDER(odd_names_become_printable_and_are_still_found),
      IN_FOLDER(a_manifest_is_read_with_quotes_targets_and_boxes),
      IN_FOLDER(a_bad_manifest_is_named_with_its_line),
      IN_FOLDER(a_name_of_two_classes_is_no_label),
      IN_FOLDER(every_status_is_told),
      IN_FOLDER(the_picture_is_in_the_models_frame),
      IN_FOLDER(the_hash_follows_all_that_the_list_says),
      IN_FOLDER(a_files_hash_is_the_published_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
