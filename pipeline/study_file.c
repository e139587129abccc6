/** @file
 *  Creating the study's file, or recognising it. */
#include "pipeline/study_file.h"

#include "io/dataset.h"
#include "io/runlog.h"
#include "pipeline/study_compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char remedy[] = "; give another --out, or --force to start over";

static err compare_text(const struct study *s, struct store *f, const struct store_attr *a)
{
  char *there = NULL;
  TRY(store_attr_text(f, "/", a->name, &there));
  const err e = study_compare(s->path, a->name, there, a->text, remedy);
  free(there);
  return e;
}

static err compare_number(const struct study *s, struct store *f, const struct store_attr *a)
{
  int64_t there = 0;
  int n = 0;
  TRY(store_attr_i64(f, "/", a->name, 1, &n, &there));
  CHECK(there == a->i64[0], ERR_MISMATCH,
        "%s belongs to another study: %s is %" PRId64 " there, %" PRId64 " here%s", s->path,
        a->name, there, a->i64[0], remedy);
  return ERR_OK;
}

/** The part of the data set that a file is about: "2/8"; new, NULL for all of it. */
static char *shard_of(struct store *f)
{
  char *text = NULL;
  return store_attr_text(f, "/", "shard", &text) ? NULL : text;
}

static const char *part(const char *shard)
{
  return shard ? shard : "all";
}

/** Shards have attributes that a whole study has not. */
static err compare_shard(const struct study *s, struct store *f)
{
  const char *here = NULL;
  for (int i = 0; i < s->schema->n_attrs; i++)
    if (!strcmp(s->schema->attrs[i].name, "shard")) here = s->schema->attrs[i].text;
  char *there = shard_of(f);
  err e = ERR_OK;
  if (strcmp(part(here), part(there)) != 0) {
    e = FAIL(ERR_MISMATCH, "%s belongs to another study: shard is %s there, %s here%s", s->path,
             part(there), part(here), remedy);
  }
  free(there);
  return e;
}

/** The root attributes hold all that determines the numbers: compare them in order. */
static err compare(const struct study *s, struct store *f)
{
  TRY(compare_shard(s, f));
  for (int i = 0; i < s->schema->n_attrs; i++) {
    const struct store_attr *a = &s->schema->attrs[i];
    if (study_is_description(a->name)) continue;
    if (a->type == STORE_TEXT) {
      TRY(compare_text(s, f, a));
    } else {
      TRY(compare_number(s, f, a));
    }
  }
  return ERR_OK;
}

static err count_done(struct store *f, int64_t *done, int64_t *n)
{
  int var = 0, n_dims = 0;
  int64_t dims[STORE_MAX_DIMS];
  TRY(store_find(f, "samples/status", &var));
  store_extent(f, var, &n_dims, dims);
  uint8_t *status = malloc((size_t)dims[0] + 1);
  CHECK(status, ERR_MEMORY, "no memory for %" PRId64 " status bytes", dims[0]);
  const err e = store_read(f, var, 0, dims[0], status);
  *n = dims[0];
  *done = 0;
  for (int64_t i = 0; !e && i < dims[0]; i++) *done += status[i] != SAMPLE_PENDING;
  free(status);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** --force: remove a study's file, never without saying what goes. */
static err remove_old(const struct study *s, struct store *f, int64_t bytes)
{
  int64_t done = 0, n = 0;
  TRY(count_done(f, &done, &n));
  (void)fprintf(stderr,
                "--force: removing %s with %" PRId64 " of %" PRId64 " samples done (%.1f MB)\n",
                s->path, done, n, (double)bytes / 1e6);
  CHECK(!unlink(s->path), ERR_IO, "cannot remove %s: %s", s->path, strerror(errno));
  return ERR_OK;
}

/** Nothing is at the path; could something be? */
static err check_folder(const char *path)
{
  struct stat st;
  CHECK(lstat(path, &st), ERR_INPUT, "%s is a link to nothing; give another --out", path);
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  CHECK(folder, ERR_MEMORY, "no memory for a path");
  const int why = access(folder, W_OK) ? errno : 0;
  free(folder);
  CHECK(!why, ERR_INPUT, "cannot write %s: %s; make its folder or give another --out", path,
        strerror(why));
  return ERR_OK;
}

static err open_old(const char *path, struct store **f)
{
  const err e = store_open_read(path, f);
  if (!e) return ERR_OK;
  char why[600];
  (void)snprintf(why, sizeof why, "%s", err_message());
  return FAIL(e, "%s; give another --out, or remove the file", why);
}

/** *exists: whether there is a file of this very study now.  With --force any study's file will do;
 *  it is removed where `remove` says so. */
static err recognise(const struct study *s, bool remove, bool *exists)
{
  struct stat st;
  *exists = false;
  if (stat(s->path, &st)) {
    CHECK(errno == ENOENT, ERR_INPUT, "cannot look at %s: %s", s->path, strerror(errno));
    return check_folder(s->path);
  }
  CHECK(S_ISREG(st.st_mode), ERR_INPUT, "%s is not a file; give another --out", s->path);
  struct store *f = NULL;
  TRY(open_old(s->path, &f));
  err e = s->force ? ERR_OK : compare(s, f);
  if (s->force && remove) e = remove_old(s, f, (int64_t)st.st_size);
  store_close(&f);
  if (e) return err_trace(e, __FILE__, __LINE__);
  *exists = !s->force;
  return ERR_OK;
}

err study_file_prepare(const struct study *s, struct runlog **log)
{
  bool exists = false;
  TRY(recognise(s, false, &exists)); /* before anything is written */
  struct runlog *l = NULL;
  TRY(runlog_open(s->path, &l));
  err e = recognise(s, true, &exists); /* again, now that nobody else can change it */
  if (!e && !exists) e = store_create(s->path, s->schema);
  if (!e && s->run_line) e = runlog_append(l, s->run_line);
  if (e) {
    runlog_close(&l);
    return err_trace(e, __FILE__, __LINE__);
  }
  *log = l;
  return ERR_OK;
}
