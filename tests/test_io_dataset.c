/** @file
 *  Folders of images: order, labels, statuses, odd names.  HDF5 is tested by io_dataset_files.py. */
#include "io/image.h"
#include "tests/tiny_folder.h"

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
    assert_string_equal(dataset_sample(d, i).path, want[i]);
    assert_int_equal(dataset_sample(d, i).label, labels[i]);
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
  assert_int_equal(dataset_sample(d, 1).label, 1);
  dataset_close(&d);
}

/** Another process's list, at another place: the same samples, whose files are not looked at. */
static void a_list_can_be_handed_on(void **state)
{
  struct recipe r = recipe_of(true);
  int64_t bytes = 0;

  (void)state;
  make_dir("cat");
  put_png("cat/1.png");
  put_png("new\nline.png");
  put_text("list.csv", "path,targets,xmin,ymin,xmax,ymax,label\n"
                       "cat/1.png,cat;dog,0,1,2,3,dog\nabsent.png,,,,,,\n");
  static const char *const paths[] = {"list.csv", "."};
  for (int k = 0; k < 2; k++) {
    struct dataset *d = open_ok(paths[k], &r, 0), *e = NULL;
    const void *list = dataset_list(d, &bytes);
    void *copy = malloc((size_t)bytes);
    assert_non_null(copy);
    memcpy(copy, list, (size_t)bytes);
    assert_int_equal(dataset_open_list(paths[k], &r, copy, &e), ERR_OK);
    assert_int_equal(dataset_count(e), dataset_count(d));
    assert_string_equal(dataset_sha256(e), dataset_sha256(d));
    for (int64_t i = 0; i < dataset_count(d); i++) {
      const struct sample a = dataset_sample(d, i), b = dataset_sample(e, i);
      assert_string_equal(a.path, b.path);
      assert_true(a.label == b.label && a.n_targets == b.n_targets && a.has_box == b.has_box);
      assert_memory_equal(a.target, b.target, sizeof a.target);
      assert_memory_equal(a.box, b.box, sizeof a.box);
      assert_true(dataset_unchanged(e, i));
    }
    dataset_move_list(d, copy);
    assert_string_equal(dataset_sample(d, 1).path, dataset_sample(e, 1).path);
    put_text("cat/1.png", "shorter");
    assert_false(dataset_unchanged(e, 0));
    put_png("cat/1.png");
    dataset_close(&d);
    dataset_close(&e);
    free(copy);
  }
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
  assert_int_equal(dataset_sample(d, 0).label, 3);
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
    assert_string_equal(dataset_sample(d, i).path, want[i]);
    assert_int_equal(dataset_load(d, i, &r, 6, x, size), SAMPLE_DONE);
  }
  dataset_close(&d);
}

/** Load sample i into planes with a gap; failures must leave zeros, and nothing outside is touched. */
static enum sample_status load(struct dataset *d, int64_t i, const struct recipe *r, int size[2])
{
  float x[10];

  for (int k = 0; k < 10; k++) x[k] = -7.0F;
  const enum sample_status s = dataset_load(d, i, r, 8, x, size);
  for (int k = 0; k < 6; k++) assert_true(x[k] == (s == SAMPLE_DONE ? (float)six[k] : 0.0F));
  for (int k = 6; k < 10; k++) assert_true(x[k] == -7.0F);
  if (s != SAMPLE_DONE) assert_non_null(strstr(err_message(), dataset_sample(d, i).path));
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
      IN_FOLDER(a_list_can_be_handed_on),
      IN_FOLDER(folder_labels_must_be_classes),
      IN_FOLDER(what_is_no_data_set_is_refused),
      IN_FOLDER(odd_names_become_printable_and_are_still_found),
      IN_FOLDER(every_status_is_told),
      IN_FOLDER(the_picture_is_in_the_models_frame),
      IN_FOLDER(a_files_hash_is_the_published_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
