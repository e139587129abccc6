/** @file
 *  Arrays for numpy: the bytes of a small one, and failures that leave nothing.  io_store_readers.py
 *  has numpy read the large ones. */
#include "io/npz.h"
#include "study_files.h"

static const char *in(void **state, const char *name, char path[PATH])
{
  if (snprintf(path, PATH, "%s/%s", (const char *)*state, name) >= PATH) abort();
  return path;
}

static void known_bytes(void **state)
{
  static const float values[] = {1.0F, -2.5F, 0.0F, 4.0F, 5.0F, 6.0F};
  static const char begin[] =
      "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  const struct npy_array a = {.type = NPY_F32, .n_dims = 2, .dims = {2, 3}, .data = values};
  char path[PATH];
  size_t n = 0;
  assert_int_equal(npy_write(in(state, "a.npy", path), &a), ERR_OK);
  char *const file = study_slurp(path, &n);
  assert_int_equal(n, 128 + sizeof values);
  assert_memory_equal(file, begin, sizeof begin - 1);
  assert_int_equal(file[127], '\n');
  assert_memory_equal(file + 128, values, sizeof values);
  free(file);
}

static err stop_at_third(void *user, int64_t first, int64_t count, void *rows)
{
  (void)count;
  memset(rows, 0, 1);
  int *const calls = user;
  *calls += 1;
  CHECK(*calls < 3, ERR_FORMAT, "row %d is bad", (int)first);
  return ERR_OK;
}

static const struct npy_array large = {
    .type = NPY_F64, .n_dims = 2, .dims = {5000, 1000}, .fill = stop_at_third};

static void failing_fill_leaves_nothing(void **state)
{
  char path[PATH], command[PATH + 64];
  int calls = 0;
  struct npy_array a = large;
  struct npz *z = NULL;
  a.user = &calls;
  assert_int_equal(npy_write(in(state, "fail.npy", path), &a), ERR_FORMAT);
  assert_int_equal(study_bytes(path), -1);
  calls = 0;
  assert_int_equal(npz_open(in(state, "fail.npz", path), &z), ERR_OK);
  assert_int_equal(npz_add(z, "a", &a), ERR_OK);
  assert_int_equal(npz_close(&z), ERR_FORMAT);
  assert_non_null(strstr(err_message(), "is bad"));
  assert_null(z);
  (void)snprintf(command, sizeof command, "test -z \"$(ls '%s' | grep fail)\"",
                 (const char *)*state);
  assert_int_equal(system(command), 0);
}

static void wrong_use_is_refused(void **state)
{
  char path[PATH];
  const int32_t value = 1;
  const struct npy_array a = {.type = NPY_I32, .n_dims = 1, .dims = {1}, .data = &value};
  const struct npy_array negative = {.type = NPY_I32, .n_dims = 1, .dims = {-1}, .data = &value};
  struct npz *z = NULL;
  assert_int_equal(npz_open(in(state, "b.npz", path), &z), ERR_OK);
  assert_int_equal(npz_add(z, "a", &a), ERR_OK);
  assert_int_equal(npz_add(z, "a", &a), ERR_USAGE);
  assert_int_equal(npz_add(z, "c", &negative), ERR_SHAPE);
  assert_int_equal(npz_close(&z), ERR_OK);
  assert_int_equal(npz_open(path, &z), ERR_USAGE);
  assert_int_equal(npz_open(in(state, "c.npz", path), &z), ERR_OK);
  assert_int_equal(npz_add(z, "a", &a), ERR_OK);
  npz_discard(&z);
  assert_int_equal(study_bytes(path), -1);
}

int main(void)
{
  char folder[] = "/tmp/test_io_npz_XXXXXX", command[64];
  if (!mkdtemp(folder)) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_prestate(known_bytes, folder),
      cmocka_unit_test_prestate(failing_fill_leaves_nothing, folder),
      cmocka_unit_test_prestate(wrong_use_is_refused, folder),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
  return system(command) != 0 || failed;
}
