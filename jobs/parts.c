/** @file
 *  Shards: read, put in order, compared with each other. */
#include "jobs/parts.h"

#include "io/dataset.h"
#include "jobs/runs.h"
#include "pipeline/study_compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool part_is_row(const struct store_var *v)
{
  return v->type != STORE_TEXT && !strcmp(v->dims[0], "sample");
}

static err read_number(struct part *p, const char *name, int64_t *value)
{
  int n = 0;
  return store_attr_i64(p->store, "/", name, 1, &n, value);
}

/** Which shard a file is; 0 of 0 where it has no such attribute. */
static err read_shard(struct part *p)
{
  char *text = NULL;
  if (store_attr_text(p->store, "/", "shard", &text)) return ERR_OK;
  char *slash = strchr(text, '/');
  p->shard = (int)strtol(text, NULL, 10);
  p->n_shards = slash ? (int)strtol(slash + 1, NULL, 10) : 0;
  free(text);
  CHECK(p->shard >= 1 && p->shard <= p->n_shards, ERR_FORMAT, "%s: its attribute shard is none",
        p->path);
  return read_number(p, "first_sample", &p->first);
}

static err read_status(struct part *p)
{
  int var = 0, n_dims = 0;
  int64_t dims[STORE_MAX_DIMS];
  TRY(store_find(p->store, "samples/status", &var));
  store_extent(p->store, var, &n_dims, dims);
  p->count = dims[0];
  uint8_t *status = malloc((size_t)p->count);
  CHECK(status, ERR_MEMORY, "no memory for %" PRId64 " samples", p->count);
  const err e = store_read(p->store, var, 0, p->count, status);
  for (int64_t i = 0; !e && i < p->count; i++) p->pending += status[i] == SAMPLE_PENDING;
  free(status);
  return e;
}

static err open_part(const char *path, struct part *p)
{
  p->path = path;
  TRY(store_open_read(path, &p->store));
  TRY(store_schema_read(p->store, &p->copy, &p->schema));
  TRY(read_shard(p));
  return read_status(p);
}

static int compare_parts(const void *a, const void *b)
{
  const struct part *x = a, *y = b;
  return (x->shard > y->shard) - (x->shard < y->shard);
}

/** Attributes that tell a shard from its neighbours, and not one study from another. */
static bool is_own(const char *name)
{
  static const char *const own[] = {"shard",   "first_sample", "n_samples",
                                    "n_units", "n_forward",    "n_backward"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (!strcmp(name, own[i])) return true;
  return study_is_description(name);
}

static const struct store_attr *find_attr(const struct store_schema *s, const char *name)
{
  for (int i = 0; i < s->n_attrs; i++)
    if (!strcmp(s->attrs[i].name, name)) return &s->attrs[i];
  return NULL;
}

/** An attribute as text. */
static const char *text_of(const struct store_attr *a, char *text, size_t bytes)
{
  (void)snprintf(text, bytes, "none");
  if (a && a->type == STORE_I64) (void)snprintf(text, bytes, "%" PRId64, a->i64[0]);
  if (a && a->type == STORE_F64) (void)snprintf(text, bytes, "%.17g", a->f64[0]);
  return a && a->type == STORE_TEXT ? a->text : text;
}

static err compare_attrs(const struct part *p, const struct part *first, const char *remedy)
{
  for (int i = 0; i < first->schema->n_attrs; i++) {
    char a[32], b[32];
    const char *name = first->schema->attrs[i].name;
    if (is_own(name)) continue;
    TRY(study_compare(p->path, name, text_of(find_attr(p->schema, name), a, sizeof a),
                      text_of(&first->schema->attrs[i], b, sizeof b), remedy));
  }
  return ERR_OK;
}

static bool same_var(const struct store_var *a, const struct store_var *b)
{
  if (strcmp(a->group, b->group) != 0 || strcmp(a->name, b->name) != 0 || a->type != b->type ||
      a->n_dims != b->n_dims)
    return false;
  for (int k = 0; k < a->n_dims; k++)
    if (strcmp(a->dims[k], b->dims[k]) != 0) return false;
  return true;
}

static bool same_dim(const struct store_dim *a, const struct store_dim *b)
{
  return !strcmp(a->group, b->group) && !strcmp(a->name, b->name) &&
         (!strcmp(a->name, "sample") || a->size == b->size);
}

/** The same study, and therefore the same variables. */
static err compare(const struct part *p, const struct part *first)
{
  char remedy[600];
  const struct store_schema *a = p->schema, *b = first->schema;
  (void)snprintf(remedy, sizeof remedy, ", in %.500s", first->path);
  TRY(compare_attrs(p, first, remedy));
  bool same = a->n_vars == b->n_vars && a->n_dims == b->n_dims;
  for (int v = 0; same && v < a->n_vars; v++) same = same_var(&a->vars[v], &b->vars[v]);
  for (int d = 0; same && d < a->n_dims; d++) same = same_dim(&a->dims[d], &b->dims[d]);
  CHECK(same, ERR_MISMATCH, "%s and %s hold different variables", p->path, first->path);
  return ERR_OK;
}

/** Numbers of the shards that are not there, as text. */
static void list_missing(const struct part *part, int n, char *text, size_t bytes)
{
  enum { NAMED = 20 };
  size_t used = 0;
  int missing = 0, at = 0;
  for (int i = 1; i <= part[0].n_shards; i++) {
    while (at < n && part[at].shard < i) at++;
    if (at < n && part[at].shard == i) continue;
    if (missing++ < NAMED && used < bytes) {
      used += (size_t)snprintf(text + used, bytes - used, "%s%d/%d", missing > 1 ? ", " : "", i,
                               part[0].n_shards);
    }
  }
  if (missing > NAMED && used < bytes)
    (void)snprintf(text + used, bytes - used, " and %d more", missing - NAMED);
}

/** Every shard once. */
static err check_all_there(const struct part *part, int n)
{
  char missing[400] = "";
  for (int k = 1; k < n; k++) {
    CHECK(part[k].n_shards == part[0].n_shards, ERR_MISMATCH,
          "%s is a shard of %d, %s of %d: they were not made together", part[k].path,
          part[k].n_shards, part[0].path, part[0].n_shards);
    CHECK(part[k].shard != part[k - 1].shard, ERR_USAGE, "%s and %s are both shard %d/%d",
          part[k - 1].path, part[k].path, part[k].shard, part[k].n_shards);
  }
  list_missing(part, n, missing, sizeof missing);
  CHECK(!missing[0], ERR_USAGE, "not all shards are given: %s %s missing", missing,
        strchr(missing, ',') || strstr(missing, " and ") ? "are" : "is");
  return ERR_OK;
}

err parts_open(const char *const *path, int n, struct part *part)
{
  memset(part, 0, (size_t)n * sizeof *part);
  for (int k = 0; k < n; k++) TRY(open_part(path[k], &part[k]));
  if (n == 1 && !part[0].n_shards) return ERR_OK;
  for (int k = 0; k < n; k++) {
    CHECK(part[k].n_shards, ERR_USAGE,
          "%s is no shard (it was made without --shard); several files are "
          "wanted of shards alone",
          part[k].path);
  }
  qsort(part, (size_t)n, sizeof *part, compare_parts);
  for (int k = 1; k < n; k++) TRY(compare(&part[k], &part[0]));
  TRY(check_all_there(part, n));
  int64_t next = 0;
  for (int k = 0; k < n; next += part[k++].count) {
    CHECK(part[k].first == next, ERR_FORMAT, "%s begins with sample %" PRId64 ", not %" PRId64,
          part[k].path, part[k].first, next);
  }
  return ERR_OK;
}

void parts_close(struct part *part, int n)
{
  for (int k = 0; k < n; k++) {
    store_schema_free(&part[k].copy);
    store_close(&part[k].store);
  }
}

err parts_check_complete(const struct part *part, int n)
{
  for (int k = 0; k < n; k++) {
    struct runs runs = {0};
    runs_read(part[k].path, &runs);
    const long writer = runs.writer;
    runs_free(&runs);
    CHECK(!writer, ERR_BUSY, "a run (process %ld) is writing %s: wait until it has ended", writer,
          part[k].path);
    CHECK(!part[k].pending, ERR_USAGE,
          "%s is not complete: %" PRId64 " of %" PRId64
          " samples are pending; start its command again to continue",
          part[k].path, part[k].pending, part[k].count);
  }
  return ERR_OK;
}
