/** @file
 *  Packing: the same rows and texts, and no way to write them by mistake. */
#include "io/store.h"
#include "study_files.h"

enum { N = 300 };

static const char *in(void **state, const char *name, char path[PATH])
{
  if (snprintf(path, PATH, "%s/%s", (const char *)*state, name) >= PATH) abort();
  return path;
}

/** Made, filled with N - 1 rows and packed. */
static void prepare(void **state, char study[PATH], char packed[PATH])
{
  struct store *s = NULL;
  study_create(in(state, "S.h5", study), N);
  assert_int_equal(store_open(study, MPI_COMM_SELF, &s), ERR_OK);
  assert_int_equal(study_write(s, 0, N - 1, false), ERR_OK);
  store_close(&s);
  (void)unlink(in(state, "S.z.h5", packed));
  assert_int_equal(store_pack(study, packed, 4), ERR_OK);
}

static void same_rows(struct store *a, struct store *b, const char *path)
{
  int i = 0, j = 0, n = 0;
  int64_t dims[STORE_MAX_DIMS] = {0}, row = 8;
  assert_int_equal(store_find(a, path, &i), ERR_OK);
  assert_int_equal(store_find(b, path, &j), ERR_OK);
  assert_int_equal(store_kind(a, i), store_kind(b, j));
  store_extent(a, i, &n, dims);
  for (int axis = 1; axis < n; axis++) row *= dims[axis];
  char *const x = calloc((size_t)dims[0], (size_t)row), *const y =
                                                            calloc((size_t)dims[0], (size_t)row);
  assert_int_equal(store_read(a, i, 0, dims[0], x), ERR_OK);
  assert_int_equal(store_read(b, j, 0, dims[0], y), ERR_OK);
  assert_memory_equal(x, y, (size_t)(dims[0] * row));
  free(x);
  free(y);
}

static void packed_is_the_same(void **state)
{
  static const char *const numbers[] = {"samples/label", "samples/status",   "samples/logits",
                                        "maps/input",    "maps/stage1.conv", "maps/stage2.relu",
                                        "maps/pool",     "layers/shape"};
  char study[PATH], packed[PATH], name[64];
  char **text = NULL;
  int64_t n = 0;
  int var = 0;
  struct store *a = NULL, *b = NULL;
  prepare(state, study, packed);
  assert_true(study_bytes(packed) < study_bytes(study));
  assert_int_equal(store_open_read(study, &a), ERR_OK);
  assert_int_equal(store_open_read(packed, &b), ERR_OK);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) same_rows(a, b, numbers[i]);
  assert_int_equal(store_read_text(b, "samples/path", &n, &text), ERR_OK);
  assert_int_equal(n, N);
  assert_string_equal(text[N - 1], "cats/299 \xC3\xBC.png");
  free(text);
  assert_int_equal(store_find(b, "maps/pool", &var), ERR_OK);
  assert_int_equal(store_dim_name(b, var, 3, name, sizeof name), ERR_OK);
  assert_string_equal(name, "y_1");
  store_close(&a);
  store_close(&b);
}

static void packed_is_not_written(void **state)
{
  char study[PATH], packed[PATH];
  int var = 0;
  struct store *s = NULL;
  prepare(state, study, packed);
  assert_int_equal(store_open(packed, MPI_COMM_SELF, &s), ERR_OK);
  assert_int_equal(store_find(s, "maps/input", &var), ERR_UNSUPPORTED);
  assert_non_null(strstr(err_message(), "packed"));
  store_close(&s);
}

static void refusals_leave_nothing(void **state)
{
  char study[PATH], packed[PATH], other[PATH], temporary[PATH];
  prepare(state, study, packed);
  const int64_t before = study_bytes(packed);
  assert_int_equal(store_pack(study, packed, 4), ERR_USAGE);
  assert_int_equal(study_bytes(packed), before);
  (void)in(state, "other.h5", other);
  assert_int_equal(store_pack(study, other, 0), ERR_USAGE);
  assert_int_equal(store_pack(study, other, 10), ERR_USAGE);
  assert_int_equal(store_pack(in(state, "missing.h5", temporary), other, 1), ERR_INPUT);
  assert_int_equal(store_pack(study, in(state, "no/folder.h5", temporary), 1), ERR_IO);
  assert_int_equal(truncate(study, study_bytes(study) / 2), 0);
  assert_int_equal(store_pack(study, other, 1), ERR_FORMAT);
  assert_int_equal(study_bytes(other), -1);
  assert_int_equal(study_bytes(in(state, "other.h5.tmp", temporary)), -1);
}

int main(int argc, char **argv)
{
  char folder[] = "/tmp/test_io_pack_XXXXXX", command[64];
  MPI_Init(&argc, &argv);
  if (!mkdtemp(folder)) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_prestate(packed_is_the_same, folder),
      cmocka_unit_test_prestate(packed_is_not_written, folder),
      cmocka_unit_test_prestate(refusals_leave_nothing, folder),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
  const bool kept = system(command) != 0;
  MPI_Finalize();
  return kept || failed;
}
