/** @file
 *  What one process does with a study's file: bytes, names, refusals. */
#include "io/store.h"
#include "study_files.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

enum { N = 37 };

static const char *own(void **state, const char *name, char path[PATH])
{
  if (snprintf(path, PATH, "%s/%s", (const char *)*state, name) >= PATH) abort();
  return path;
}

static void same_schema_same_bytes(void **state)
{
  char a[PATH], b[PATH], temporary[PATH];
  study_create(own(state, "a.h5", a), N);
  const int fd = open(own(state, "b.h5.tmp", temporary), O_WRONLY | O_CREAT, 0644);
  assert_int_equal(write(fd, "left by a killed run", 20), 20);
  (void)close(fd);
  study_create(own(state, "b.h5", b), N);
  assert_true(study_same(a, b));
  assert_int_equal(study_bytes(temporary), -1);
}

static void bytes_are_known_before(void **state)
{
  char a[PATH];
  const int64_t sizes[] = {1, N, 4000};
  for (int i = 0; i < 3; i++) {
    struct toy_study *const t = study_make(sizes[i]);
    study_create(own(state, "bytes.h5", a), sizes[i]);
    const double made = (double)study_bytes(a), said = (double)store_bytes(&t->s);
    assert_true(fabs(made - said) <= 0.01 * made);
    study_free(t);
  }
}

static void space_is_reserved(void **state)
{
  char a[PATH];
  struct stat st;
  study_create(own(state, "full.h5", a), N);
  assert_int_equal(stat(a, &st), 0);
  /* st_blocks counts 512 bytes; no hole may be left for a disk to fill up */
  assert_true((int64_t)st.st_blocks * 512 >= (int64_t)st.st_size);
}

static void never_replaces(void **state)
{
  char a[PATH], b[PATH];
  struct toy_study *const t = study_make(N);
  study_create(own(state, "a.h5", a), N);
  study_create(own(state, "b.h5", b), N);
  assert_int_equal(store_create(a, &t->s), ERR_USAGE);
  assert_non_null(strstr(err_message(), "exists already"));
  assert_true(study_same(a, b));
  study_free(t);
}

/** One change of the schema that must be refused, naming the word. */
static void refuse(void **state, void (*spoil)(struct toy_study *), const char *word)
{
  char a[PATH];
  struct toy_study *const t = study_make(N);
  spoil(t);
  assert_int_equal(store_create(own(state, "bad.h5", a), &t->s), ERR_FORMAT);
  assert_non_null(strstr(err_message(), word));
  assert_int_equal(study_bytes(a), -1);
  study_free(t);
}

static void slash(struct toy_study *t)
{
  t->vars[0].name = "a/b";
}
static void no_name(struct toy_study *t)
{
  t->vars[0].name = "";
}
static void dot(struct toy_study *t)
{
  t->vars[0].name = ".a";
}
static void space(struct toy_study *t)
{
  t->dims[0].name = "a ";
}
static void control(struct toy_study *t)
{
  t->vars[0].name = "a\nb";
}
static void latin(struct toy_study *t)
{
  t->vars[0].name = "\xE9";
}
static void no_units(struct toy_study *t)
{
  t->vars[1].units = NULL;
}
static void no_dim(struct toy_study *t)
{
  t->vars[1].dims[0] = "nowhere";
}
static void no_text(struct toy_study *t)
{
  t->vars[0].data = NULL;
}
static void twice(struct toy_study *t)
{
  t->vars[1].name = t->vars[0].name;
}
static void like_dim(struct toy_study *t)
{
  t->vars[1].name = "sample";
}
static void empty(struct toy_study *t)
{
  t->dims[1].size = 0;
}
static void no_value(struct toy_study *t)
{
  t->root[0].text = NULL;
}

static void bad_schemas_are_refused(void **state)
{
  refuse(state, slash, "a/b");
  refuse(state, no_name, "name of a variable");
  refuse(state, dot, ".a");
  refuse(state, space, "name of a dimension");
  refuse(state, control, "name of a variable");
  refuse(state, latin, "name of a variable");
  refuse(state, no_units, "samples/label");
  refuse(state, no_dim, "samples/nowhere");
  refuse(state, no_text, "samples/path");
  refuse(state, twice, "samples/path");
  refuse(state, like_dim, "samples/sample");
  refuse(state, empty, "samples/class");
  refuse(state, no_value, "title");
}

static void names_and_attributes(void **state)
{
  char a[PATH], name[64];
  char **list = NULL, *text = NULL;
  int n = 0, var = 0;
  int64_t count = 0, numbers[8];
  struct store *s = NULL;
  study_create(own(state, "names.h5", a), N);
  assert_int_equal(store_open_read(a, &s), ERR_OK);
  assert_int_equal(store_list(s, "maps", &n, &list), ERR_OK);
  assert_int_equal(n, STUDY_TAPS);
  assert_string_equal(list[0], "pool"); /* its index is the smallest */
  assert_string_equal(list[3], "input");
  free(list);
  assert_int_equal(store_list(s, "samples", &n, &list), ERR_OK);
  assert_int_equal(n, 8);
  assert_string_equal(list[0], "path");
  assert_string_equal(list[7], "box");
  free(list);
  assert_int_equal(store_attr_text(s, "maps/stage1.conv", "onnx_name", &text), ERR_OK);
  assert_string_equal(text, "stage1/conv");
  free(text);
  assert_int_equal(store_attr_i64(s, "samples/status", "flag_values", 8, &n, numbers), ERR_OK);
  assert_true(n == 8 && numbers[7] == 7);
  assert_int_equal(store_attr_i64(s, "samples/status", "flag_values", 7, &n, numbers), ERR_FORMAT);
  assert_int_equal(store_attr_text(s, "/", "nothing", &text), ERR_FORMAT);
  assert_int_equal(store_read_text(s, "methods/formula", &count, &list), ERR_OK);
  assert_int_equal(count, 3);
  assert_string_equal(list[0], "");
  assert_string_equal(list[1], "max |g|");
  free(list);
  assert_int_equal(store_find(s, "maps/input", &var), ERR_OK);
  assert_int_equal(store_kind(s, var), STORE_F32);
  assert_int_equal(store_dim_name(s, var, 2, name, sizeof name), ERR_OK);
  assert_string_equal(name, "method_0");
  assert_int_equal(store_dim_name(s, var, 2, name, 8), ERR_FORMAT);
  assert_int_equal(store_find(s, "maps/inputs", &var), ERR_FORMAT);
  assert_non_null(strstr(err_message(), "maps/inputs"));
  store_close(&s);
  assert_null(s);
}

static void text_becomes_utf8(void **state)
{
  char a[PATH];
  char **list = NULL;
  int64_t n = 0;
  struct store *s = NULL;
  struct toy_study *const t = study_make(N);
  t->path[1][0] = (char)0xE9;                    /* Latin-1 */
  (void)snprintf(t->path[2], 8, "\xED\xA0\x80"); /* half of a surrogate pair */
  (void)unlink(own(state, "text.h5", a));
  assert_int_equal(store_create(a, &t->s), ERR_OK);
  assert_int_equal(store_open_read(a, &s), ERR_OK);
  assert_int_equal(store_read_text(s, "samples/path", &n, &list), ERR_OK);
  assert_string_equal(list[0], "cats/0 \xC3\xBC.png");
  assert_string_equal(list[1], "\xEF\xBF\xBD"
                               "ats/1 \xC3\xBC.png");
  assert_string_equal(list[2], "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  free(list);
  store_close(&s);
  study_free(t);
}

/** A schema of n small variables on five dimensions, each used by all. */
static void make_many(const char *path, int n)
{
  static const char *const names[] = {"sample", "target", "method_0", "y_1", "x_1"};
  static const int64_t version = STORE_SCHEMA_VERSION;
  const struct store_attr root[] = {
      {.name = "software", .type = STORE_TEXT, .text = "retrograd"},
      {.name = "schema_version", .type = STORE_I64, .n = 1, .i64 = &version}};
  struct store_dim dims[5];
  struct store_var *const vars = calloc((size_t)n, sizeof *vars);
  char(*const name)[16] = calloc((size_t)n, sizeof *name);
  for (int d = 0; d < 5; d++) {
    dims[d] =
        (struct store_dim){.group = "maps", .name = names[d], .size = 2, .long_name = "dimension"};
  }
  for (int v = 0; v < n; v++) {
    (void)snprintf(name[v], sizeof name[v], "tap%d", v);
    vars[v] = (struct store_var){.group = "maps",
                                 .name = name[v],
                                 .type = STORE_F32,
                                 .n_dims = 5,
                                 .long_name = "map",
                                 .units = "1"};
    memcpy(vars[v].dims, names, sizeof names);
  }
  const struct store_schema s = {2, root, 5, dims, n, vars};
  (void)unlink(path);
  assert_int_equal(store_create(path, &s), ERR_OK);
  free(vars);
  free(name);
}

/** 4500 is beyond what a scale can list of its users in the oldest file format. */
static void many_variables(void **state)
{
  char a[PATH], last[32], axis[16];
  const int counts[] = {300, 1500, 4500};
  for (int i = 0; i < 3; i++) {
    const clock_t begin = clock();
    make_many(own(state, "many.h5", a), counts[i]);
    const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    if (i == 0) assert_true(seconds < 1.0);
    char **list = NULL;
    int n = 0, var = 0;
    struct store *s = NULL;
    assert_int_equal(store_open_read(a, &s), ERR_OK);
    assert_int_equal(store_list(s, "maps", &n, &list), ERR_OK);
    assert_int_equal(n, counts[i]);
    (void)snprintf(last, sizeof last, "maps/tap%d", n - 1);
    assert_string_equal(list[n - 1], last + 5);
    assert_int_equal(store_find(s, last, &var), ERR_OK);
    assert_int_equal(store_dim_name(s, var, 4, axis, sizeof axis), ERR_OK);
    assert_string_equal(axis, "x_1");
    free(list);
    store_close(&s);
  }
}

static void foreign_files_are_refused(void **state)
{
  static const int64_t newer = STORE_SCHEMA_VERSION + 1;
  char a[PATH];
  struct store *s = NULL;
  assert_int_equal(store_open_read(own(state, "missing.h5", a), &s), ERR_INPUT);
  const int fd = open(own(state, "text", a), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  assert_int_equal(write(fd, "not HDF5", 8), 8);
  (void)close(fd);
  assert_int_equal(store_open_read(a, &s), ERR_FORMAT);
  assert_int_equal(store_open_read((const char *)*state, &s), ERR_FORMAT);
  struct toy_study *const t = study_make(N);
  t->root[1].text = "other";
  assert_int_equal(store_create(own(state, "other.h5", a), &t->s), ERR_OK);
  assert_int_equal(store_open_read(a, &s), ERR_FORMAT);
  assert_non_null(strstr(err_message(), "not made by retrograd"));
  t->root[1].text = "retrograd";
  t->root[3].i64 = &newer;
  assert_int_equal(store_create(own(state, "newer.h5", a), &t->s), ERR_OK);
  assert_int_equal(store_open_read(a, &s), ERR_UNSUPPORTED);
  study_free(t);
}

static void truncated_file_is_refused(void **state)
{
  char a[PATH];
  struct store *s = NULL;
  study_create(own(state, "cut.h5", a), N);
  for (off_t n = (off_t)study_bytes(a) - 1; n > 0; n /= 3) {
    assert_int_equal(truncate(a, n), 0);
    assert_int_equal(store_open_read(a, &s), ERR_FORMAT);
  }
}

static void no_room(void **state)
{
  char a[PATH], temporary[PATH];
  struct rlimit old, small;
  struct toy_study *const t = study_make(N);
  (void)signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  small = old;
  small.rlim_cur = 100000;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  const err e = store_create(own(state, "limit.h5", a), &t->s);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  assert_int_equal(e, ERR_IO);
  assert_non_null(strstr(err_message(), "100000"));
  assert_int_equal(study_bytes(a), -1);
  assert_int_equal(study_bytes(own(state, "limit.h5.tmp", temporary)), -1);
  assert_int_equal(store_create(own(state, "no/such/folder.h5", a), &t->s), ERR_IO);
  study_free(t);
}

int main(void)
{
  char folder[] = "/tmp/test_io_skeleton_XXXXXX", command[64];
  if (!mkdtemp(folder)) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_prestate(same_schema_same_bytes, folder),
      cmocka_unit_test_prestate(bytes_are_known_before, folder),
      cmocka_unit_test_prestate(space_is_reserved, folder),
      cmocka_unit_test_prestate(never_replaces, folder),
      cmocka_unit_test_prestate(bad_schemas_are_refused, folder),
      cmocka_unit_test_prestate(names_and_attributes, folder),
      cmocka_unit_test_prestate(text_becomes_utf8, folder),
      cmocka_unit_test_prestate(many_variables, folder),
      cmocka_unit_test_prestate(foreign_files_are_refused, folder),
      cmocka_unit_test_prestate(truncated_file_is_refused, folder),
      cmocka_unit_test_prestate(no_room, folder),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
  return system(command) != 0 || failed;
}
