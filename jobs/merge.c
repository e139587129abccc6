/** @file
 *  Job `merge`: the shards of a study into the file that one run would have made. */
#include "io/runlog.h"
#include "jobs/job.h"
#include "jobs/parts.h"
#include "jobs/pool.h"
#include "jobs/rotten.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 23 };

static const struct option options[] = {
    {"out", OPTION_TEXT, ROLE_RUN, "OUT.h5", NULL, "The merged file, which must not exist."},
    {"in", OPTION_LIST, ROLE_RUN, "S1.h5,S2.h5,...", NULL,
     "All shards of one study, in any order; also as arguments without a name."},
    {0},
};

/** The study that the parts make up, as a schema; what it points to is theirs or the pool's. */
struct whole {
  struct store_schema schema;
  int64_t n_samples;
  struct pool *pool;
};

static int64_t sum_of(const struct part *part, int n, const char *name)
{
  int64_t sum = 0;
  for (int k = 0; k < n; k++) {
    const struct store_schema *s = part[k].schema;
    for (int i = 0; i < s->n_attrs; i++)
      if (!strcmp(s->attrs[i].name, name)) sum += s->attrs[i].i64[0];
  }
  return sum;
}

static bool is_one_of(const char *name, const char *const *names)
{
  while (*names && strcmp(name, *names) != 0) names++;
  return *names != NULL;
}

/** The attributes of one run: counts add up, what only a shard has is left out. */
static void join_attrs(struct whole *w, const struct part *part, int n)
{
  static const char *const counts[] = {"n_units", "n_forward", "n_backward", NULL};
  static const char *const own[] = {"shard", "first_sample", "n_samples", NULL};
  const struct store_schema *s = part[0].schema;
  struct store_attr *attrs = pool_take(w->pool, (size_t)s->n_attrs, sizeof *attrs);
  for (int i = 0; attrs && i < s->n_attrs; i++) {
    struct store_attr a = s->attrs[i];
    if (is_one_of(a.name, own)) continue;
    if (is_one_of(a.name, counts)) {
      int64_t *sum = pool_take(w->pool, 1, sizeof *sum);
      if (!sum) return;
      *sum = sum_of(part, n, a.name);
      a.i64 = sum;
    }
    attrs[w->schema.n_attrs++] = a;
  }
  w->schema.attrs = attrs;
}

static void join_dims(struct whole *w, const struct part *part)
{
  const struct store_schema *s = part[0].schema;
  struct store_dim *dims = pool_take(w->pool, (size_t)s->n_dims, sizeof *dims);
  for (int d = 0; dims && d < s->n_dims; d++) {
    dims[d] = s->dims[d];
    if (strcmp(dims[d].name, "sample") != 0) continue;
    dims[d].size = w->n_samples;
    dims[d].first = 0;
  }
  w->schema.dims = dims;
  w->schema.n_dims = s->n_dims;
}

/** Text by sample is part of the schema: one part's behind the other's. */
static const void *join_text(struct whole *w, const struct part *part, int n, int v)
{
  const char **text = pool_take(w->pool, (size_t)w->n_samples, sizeof *text);
  int64_t at = 0;
  for (int k = 0; text && k < n; k++) {
    const char *const *from = part[k].schema->vars[v].data;
    for (int64_t i = 0; i < part[k].count; i++) text[at++] = from[i];
  }
  return (const void *)text;
}

static void join_vars(struct whole *w, const struct part *part, int n)
{
  const struct store_schema *s = part[0].schema;
  struct store_var *vars = pool_take(w->pool, (size_t)s->n_vars, sizeof *vars);
  for (int v = 0; vars && v < s->n_vars; v++) {
    vars[v] = s->vars[v];
    if (vars[v].type == STORE_TEXT && !strcmp(vars[v].dims[0], "sample"))
      vars[v].data = join_text(w, part, n, v);
  }
  w->schema.vars = vars;
  w->schema.n_vars = s->n_vars;
}

static err join(struct whole *w, const struct part *part, int n)
{
  w->pool = pool_make();
  CHECK(w->pool, ERR_MEMORY, "no memory to describe the file");
  for (int k = 0; k < n; k++) w->n_samples += part[k].count;
  join_attrs(w, part, n);
  join_dims(w, part);
  join_vars(w, part, n);
  CHECK(!pool_failed(w->pool), ERR_MEMORY, "no memory to describe the file");
  return ERR_OK;
}

/** Copy `count` rows of a variable to row `to` of the same variable in `out`. */
static err copy_rows(struct store *in, struct store *out, const char *path, int64_t count,
                     int64_t to)
{
  int from_var = 0, to_var = 0;
  err e = ERR_OK;
  TRY(store_find(in, path, &from_var));
  TRY(store_find(out, path, &to_var));
  const int64_t bytes = store_row_bytes(in, from_var);
  const int64_t block = bytes < BLOCK_BYTES ? BLOCK_BYTES / bytes : 1;
  void *rows = malloc((size_t)((block < count ? block : count) * bytes));
  CHECK(rows, ERR_MEMORY, "no memory for rows of %s", path);
  for (int64_t i = 0; !e && i < count; i += block) {
    const int64_t some = count - i < block ? count - i : block;
    e = store_read(in, from_var, i, some, rows);
    if (!e) e = store_write(out, to_var, to + i, some, rows);
  }
  free(rows);
  return e;
}

static err copy_variable(const struct part *part, int n, const struct store_var *v,
                         struct store *out)
{
  char path[600];
  (void)snprintf(path, sizeof path, "%s/%s", v->group, v->name);
  if (!part_is_row(v)) { /* the same in all parts */
    int var = 0, n_dims = 0;
    int64_t dims[STORE_MAX_DIMS];
    TRY(store_find(part[0].store, path, &var));
    store_extent(part[0].store, var, &n_dims, dims);
    return copy_rows(part[0].store, out, path, dims[0], 0);
  }
  for (int k = 0; k < n; k++)
    TRY(copy_rows(part[k].store, out, path, part[k].count, part[k].first));
  return ERR_OK;
}

static err copy_all(const struct part *part, int n, const struct whole *w, struct store *out)
{
  for (int v = 0; v < w->schema.n_vars; v++)
    if (w->schema.vars[v].type != STORE_TEXT) TRY(copy_variable(part, n, &w->schema.vars[v], out));
  return ERR_OK;
}

static err copy_log(struct runlog *log, const char *path)
{
  int64_t n = 0;
  char **line = NULL;
  err e = ERR_OK;
  TRY(runlog_read(path, &n, &line));
  for (int64_t i = 0; !e && i < n; i++) e = runlog_append(log, line[i]);
  free((void *)line);
  return e;
}

/** The runs of all parts, and which files they were. */
static err write_log(const struct part *part, int n, const char *out)
{
  struct runlog *log = NULL;
  json_t *paths = json_array();
  TRY(runlog_open(out, &log));
  err e = ERR_OK;
  for (int k = 0; !e && k < n; k++) {
    e = copy_log(log, part[k].path);
    (void)json_array_append_new(paths, json_string(part[k].path));
  }
  json_t *o = json_pack("{s:s, s:o}", "event", "merge", "parts", paths);
  char *line = o ? json_dumps(o, JSON_COMPACT) : NULL;
  if (!e) e = line ? runlog_append(log, line) : FAIL(ERR_MEMORY, "no memory for the run log");
  json_decref(o);
  free(line);
  runlog_close(&log);
  return e;
}

/** The log first, because nothing may fail once the file has its name. */
static err publish(const struct part *part, int n, const char *path, struct store **out)
{
  char log[4096 + 16];
  (void)snprintf(log, sizeof log, "%s.runs.jsonl", path);
  const bool there = access(log, F_OK) == 0;
  err e = write_log(part, n, path);
  if (!e) e = store_finish(out);
  if (e) {
    store_discard(out);
    if (!there) (void)unlink(log);
    return err_trace(e, __FILE__, __LINE__);
  }
  return ERR_OK;
}

static err merge(const struct part *part, int n, const char *path)
{
  struct whole w = {.n_samples = 0};
  struct store *out = NULL;
  err e = join(&w, part, n);
  if (!e) e = store_begin(path, &w.schema, &out);
  if (!e) {
    e = copy_all(part, n, &w, out);
    if (!e) e = rotten_check(out, path);
    if (e) store_discard(&out);
  }
  if (!e) e = publish(part, n, path, &out);
  if (!e) (void)printf("%s: %" PRId64 " samples of %d shards\n", path, w.n_samples, n);
  pool_free(&w.pool);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  int n = 0;
  const char *const *in = options_list(o, "in", &n);
  *exit_code = EXIT_DONE;
  TRY(options_need(o, "out"));
  TRY(options_need(o, "in"));
  struct part *part = calloc((size_t)n, sizeof *part);
  CHECK(part, ERR_MEMORY, "no memory for %d files", n);
  err e = parts_open(in, n, part);
  if (!e && !part[0].n_shards)
    e = FAIL(ERR_USAGE, "%s is no shard (it was made without --shard)", part[0].path);
  if (!e) e = parts_check_complete(part, n);
  if (!e) e = merge(part, n, options_text(o, "out"));
  parts_close(part, n);
  free(part);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_merge = {
    .name = "merge",
    .summary = "join the shards of a study into one file",
    .usage = "retrograd merge --out OUT.h5 S1.h5 S2.h5 ...",
    .about =
        "The shards of `retrograd attribute --shard i/n`, all of them and complete, become the "
        "file that one run without --shard makes, byte for byte.  Shards of different studies "
        "are refused with the first difference named.  After a failure nothing is left.",
    .bare = "in",
    .options = options,
    .run = run,
};
