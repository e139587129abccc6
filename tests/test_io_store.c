/** @file
 *  Rows, written by one rank and by several.  Each rank has a folder of its own for what one process
 *  does, and shares one with the others. */
#include "io/store.h"
#include "study_files.h"

enum { N = 37, UNIT = 4 };

struct folders {
  char own[PATH], shared[PATH];
};

static const char *in(const char *folder, const char *name, char path[PATH])
{
  if (snprintf(path, PATH, "%s/%s", folder, name) >= PATH) abort();
  return path;
}

static const char *own(void **state, const char *name, char path[PATH])
{
  return in(((const struct folders *)*state)->own, name, path);
}

static const char *shared(void **state, const char *name, char path[PATH])
{
  return in(((const struct folders *)*state)->shared, name, path);
}

/** Every rank writes every P-th unit; then each rank and each reader sees all rows. */
static void ranks_write_units(void **state)
{
  char a[PATH], b[PATH];
  int rank = 0, size = 1;
  struct store *s = NULL;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (rank == 0) study_create(shared(state, "S.h5", a), N);
  MPI_Barrier(MPI_COMM_WORLD);
  assert_int_equal(store_open(shared(state, "S.h5", a), MPI_COMM_WORLD, &s), ERR_OK);
  for (int64_t first = (int64_t)rank * UNIT; first < N; first += (int64_t)size * UNIT) {
    assert_int_equal(study_write(s, first, N - first < UNIT ? N - first : UNIT, true), ERR_OK);
  }
  assert_int_equal(store_sync(s), ERR_OK);
  store_close(&s);
  study_create(own(state, "alone.h5", b), N);
  assert_int_equal(store_open(b, MPI_COMM_SELF, &s), ERR_OK);
  assert_int_equal(study_write(s, 0, N, false), ERR_OK);
  store_close(&s);
  MPI_Barrier(MPI_COMM_WORLD);
  assert_true(study_same(a, b));
}

static void rows_are_seen_at_once(void **state)
{
  char a[PATH];
  float row[2 * 2 * 7 * 7];
  unsigned char status[N];
  struct store *w = NULL, *r = NULL;
  int var = 0;
  study_create(own(state, "seen.h5", a), N);
  assert_int_equal(store_open(a, MPI_COMM_SELF, &w), ERR_OK);
  assert_int_equal(store_open_read(a, &r), ERR_OK);
  for (int64_t i = 0; i < N; i += 5) {
    assert_int_equal(study_write(w, i, 1, false), ERR_OK);
    assert_int_equal(store_find(r, "samples/status", &var), ERR_OK);
    assert_int_equal(store_read(r, var, 0, N, status), ERR_OK);
    assert_true(status[i] == 1 && status[i + 1] == 0);
    assert_int_equal(store_find(r, "maps/stage2.relu", &var), ERR_OK);
    assert_int_equal(store_read(r, var, i, 1, row), ERR_OK);
    for (int j = 0; j < 2 * 2 * 7 * 7; j++) assert_true(row[j] == study_value(i, j, 4));
  }
  store_close(&r);
  store_close(&w);
}

static void wrong_rows_are_refused(void **state)
{
  char a[PATH];
  int32_t values[2 * N] = {0};
  struct store *s = NULL;
  int var = 0;
  study_create(own(state, "rows.h5", a), N);
  assert_int_equal(store_open(a, MPI_COMM_SELF, &s), ERR_OK);
  assert_int_equal(store_find(s, "samples/size", &var), ERR_OK);
  assert_int_equal(store_write(s, var, N - 1, 2, values), ERR_SHAPE);
  assert_int_equal(store_write(s, var, -1, 1, values), ERR_SHAPE);
  assert_int_equal(store_write(s, var, 0, INT64_MAX, values), ERR_SHAPE);
  assert_int_equal(store_write(s, var, N, 0, values), ERR_OK);
  assert_int_equal(store_find(s, "samples/path", &var), ERR_OK);
  assert_int_equal(store_write(s, var, 0, 1, values), ERR_UNSUPPORTED);
  store_close(&s);
}

/** One rank fails: all return, none hangs, each has an error of its own. */
static void failure_is_agreed(void **state)
{
  char a[PATH];
  int rank = 0, size = 1;
  struct store *s = NULL;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const bool ill = rank == size - 1;
  (void)shared(state, ill ? "missing.h5" : "S.h5", a);
  assert_int_equal(store_open(a, MPI_COMM_WORLD, &s), ill ? ERR_INPUT : ERR_PEER);
  assert_null(s);
}

int main(int argc, char **argv)
{
  struct folders f = {.shared = "/tmp/test_io_store_shared_XXXXXX",
                      .own = "/tmp/test_io_store_XXXXXX"};
  int rank = 0, failed = 0, any = 0;
  char command[3 * PATH];
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (!mkdtemp(f.own) || (rank == 0 && !mkdtemp(f.shared))) return 1;
  MPI_Bcast(f.shared, PATH, MPI_CHAR, 0, MPI_COMM_WORLD);
  void *const start = &f;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_prestate(rows_are_seen_at_once, start),
      cmocka_unit_test_prestate(wrong_rows_are_refused, start),
      cmocka_unit_test_prestate(ranks_write_units, start),
      cmocka_unit_test_prestate(failure_is_agreed, start),
  };
  failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Allreduce(&failed, &any, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  (void)snprintf(command, sizeof command, "rm -r '%s' %s%s%s", f.own, rank == 0 ? "'" : "",
                 rank == 0 ? f.shared : "", rank == 0 ? "'" : "");
  if (system(command) != 0) any = 1;
  MPI_Finalize();
  return any;
}
