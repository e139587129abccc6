/** @file
 *  Job `pack`: a compressed copy of a study. */
#include "io/dataset.h"
#include "io/file.h"
#include "jobs/job.h"
#include "jobs/rotten.h"
#include "jobs/runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct option options[] = {
    {"file", OPTION_TEXT, ROLE_RUN, "S.h5", NULL, "the study's HDF5 file; it stays as it is"},
    {"out", OPTION_TEXT, ROLE_RUN, "P.h5", NULL, "the packed file, which must not exist"},
    {"level", OPTION_INT, ROLE_RUN, "1-9", "4", "1 is fast, 9 is small"},
    {"partial", OPTION_FLAG, ROLE_RUN, NULL, NULL,
     "pack a study that is not complete; the packed file cannot be continued"},
    {0},
};

/** How many of all samples are pending, in a file of any job. */
static err count_pending(const char *path, int64_t *pending, int64_t *all)
{
  struct store *s = NULL;
  int var = 0, n_dims = 0;
  int64_t dims[STORE_MAX_DIMS] = {0};
  uint8_t *status = NULL;
  TRY(store_open_read(path, &s));
  err e = store_find(s, "samples/status", &var);
  if (!e) {
    store_extent(s, var, &n_dims, dims);
    status = malloc((size_t)dims[0] + 1);
    e = status ? store_read(s, var, 0, dims[0], status)
               : FAIL(ERR_MEMORY, "no memory for %s", path);
  }
  store_close(&s);
  *all = dims[0];
  for (int64_t i = 0; !e && i < dims[0]; i++) *pending += status[i] == SAMPLE_PENDING;
  free(status);
  return e;
}

/** A study that still grows, or could, is not packed unless that is wanted. */
static err check_complete(const char *path, bool partial)
{
  struct runs runs = {0};
  int64_t pending = 0, all = 0;

  TRY(count_pending(path, &pending, &all));
  runs_read(path, &runs);
  const long writer = runs.writer;
  runs_free(&runs);
  CHECK(!writer, ERR_BUSY, "a run (process %ld) is writing %s: wait until it has ended", writer,
        path);
  CHECK(
      !pending || partial, ERR_USAGE,
      "%s is not complete: %" PRId64 " of %" PRId64
      " samples are pending.  Start its command again to continue it, or give --partial: a packed "
      "file cannot be continued",
      path, pending, all);
  return ERR_OK;
}

/** What was damaged since it was written is not copied. */
static err check_rows(const char *path)
{
  struct store *s = NULL;
  TRY(store_open_read(path, &s));
  const err e = rotten_check(s, path);
  store_close(&s);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  const char *in = options_text(o, "file"), *out = options_text(o, "out");
  const int64_t level = options_int(o, "level");

  *exit_code = EXIT_DONE;
  TRY(options_need(o, "file"));
  TRY(options_need(o, "out"));
  CHECK(level >= 1 && level <= 9, ERR_USAGE, "--level %" PRId64 ": give 1 to 9", level);
  TRY(check_complete(in, options_flag(o, "partial")));
  TRY(check_rows(in));
  TRY(store_pack(in, out, (int)level));
  const int64_t before = file_bytes(in), after = file_bytes(out);
  printf("%s: %.1f MB\n%s: %.1f MB (%.1f %%)\n", in, (double)before / 1e6, out, (double)after / 1e6,
         100.0 * (double)after / (double)before);
  return ERR_OK;
}

const struct job job_pack = {
    .name = "pack",
    .summary = "write a compressed copy of a complete study",
    .usage = "retrograd pack S.h5 --out P.h5 [--level 4] [--partial]",
    .about = "The copy has the same groups, variables, attributes and values, and the log of the "
             "runs as "
             "the variable /runs/line.  It is read back and compared before it gets its name.  All "
             "readers take it; only `attribute` cannot continue it.",
    .bare = "file",
    .options = options,
    .run = run,
};
