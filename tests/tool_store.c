/** @file
 *  The store on the command line, for the tests that are scripts:
 *    create FILE N | bytes N | fill FILE UNIT STOP PAUSE_US SYNC | pack IN OUT LEVEL | run FILE JSON
 *    npz FILE | npy FILE
 *  `fill` runs on any number of ranks: rank r of P writes the units r, r + P, ... below STOP. */
#include "io/npz.h"
#include "io/runlog.h"
#include "io/store.h"
#include "study_schema.h"

#include <inttypes.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long number(const char *text)
{
  return strtol(text, NULL, 10);
}

static err create(char **arg)
{
  struct toy_study *const t = study_make(number(arg[1]));
  CHECK(t, ERR_MEMORY, "schema");
  const err e = store_create(arg[0], &t->s);
  study_free(t);
  return e;
}

static err bytes(char **arg)
{
  struct toy_study *const t = study_make(number(arg[0]));
  CHECK(t, ERR_MEMORY, "schema");
  (void)printf("%" PRId64 "\n", store_bytes(&t->s));
  study_free(t);
  return ERR_OK;
}

static err write_units(struct store *s, char **arg)
{
  int rank = 0, size = 1, var = 0, n_dims = 0;
  int64_t dims[STORE_MAX_DIMS];
  const long unit = number(arg[1]), stop = number(arg[2]);
  const bool sync = number(arg[4]) != 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  TRY(store_find(s, "samples/status", &var));
  store_extent(s, var, &n_dims, dims);
  for (long u = rank; u < stop && u * unit < dims[0]; u += size) {
    const int64_t left = dims[0] - u * unit;
    TRY(study_write(s, u * unit, left < unit ? left : unit, sync));
    (void)usleep((unsigned)number(arg[3]));
  }
  return sync ? store_sync(s) : ERR_OK;
}

static err fill(char **arg)
{
  struct store *s = NULL;
  TRY(store_open(arg[0], MPI_COMM_WORLD, &s));
  const err e = write_units(s, arg);
  store_close(&s);
  return e;
}

static err pack(char **arg)
{
  return store_pack(arg[0], arg[1], (int)number(arg[2]));
}

static err run(char **arg)
{
  struct runlog *l = NULL;
  TRY(runlog_open(arg[0], &l));
  const err e = runlog_append(l, arg[1]);
  runlog_close(&l);
  return e;
}

/** Large enough for several blocks of rows. */
static err rows_of_maps(void *user, int64_t first, int64_t count, void *rows)
{
  float *const out = rows;
  const int64_t row = *(int64_t *)user;
  for (int64_t i = 0; i < count; i++) {
    for (int64_t j = 0; j < row; j++) out[i * row + j] = study_value(first + i, j, 2);
  }
  return ERR_OK;
}

static struct npy_array maps_array(int64_t *row)
{
  *row = INT64_C(1000) * 7;
  return (struct npy_array){
      .type = NPY_F32, .n_dims = 4, .dims = {700, 1000, 1, 7}, .fill = rows_of_maps, .user = row};
}

static err npz(char **arg)
{
  static const int32_t labels[] = {3, -1, 4};
  static const double pi = 3.25;
  const struct npy_array label = {.type = NPY_I32, .n_dims = 1, .dims = {3}, .data = labels};
  const struct npy_array scalar = {.type = NPY_F64, .data = &pi};
  const struct npy_array nothing = {.type = NPY_U8, .n_dims = 2, .dims = {0, 5}, .data = labels};
  int64_t row = 0;
  const struct npy_array maps = maps_array(&row);
  struct npz *z = NULL;
  TRY(npz_open(arg[0], &z));
  err e = npz_add(z, "maps", &maps);
  if (!e) e = npz_add(z, "label", &label);
  if (!e) e = npz_add(z, "pi", &scalar);
  if (!e) e = npz_add(z, "nothing", &nothing);
  if (e) {
    npz_discard(&z);
    return e;
  }
  return npz_close(&z);
}

static err npy(char **arg)
{
  int64_t row = 0;
  const struct npy_array maps = maps_array(&row);
  return npy_write(arg[0], &maps);
}

static const struct {
  const char *name;
  int n;
  err (*call)(char **arg);
} commands[] = {{"create", 2, create}, {"bytes", 1, bytes}, {"fill", 5, fill}, {"pack", 3, pack},
                {"run", 2, run},       {"npz", 1, npz},     {"npy", 1, npy}};

int main(int argc, char **argv)
{
  err e = FAIL(ERR_USAGE, "no such command");
  MPI_Init(&argc, &argv);
  for (size_t c = 0; argc > 1 && c < sizeof commands / sizeof *commands; c++) {
    if (!strcmp(argv[1], commands[c].name) && argc == commands[c].n + 2)
      e = commands[c].call(argv + 2);
  }
  if (e) (void)fprintf(stderr, "%s\n", err_message());
  MPI_Finalize();
  return e ? (int)e : 0;
}
