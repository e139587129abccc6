/** @file
 *  Job `digest`: one hash of all results of a study. */
#include "io/dataset.h"
#include "io/sha256.h"
#include "jobs/job.h"
#include "jobs/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 23 };

static const struct option options[] = {
    {"in", OPTION_LIST, ROLE_RUN, "S.h5", NULL, "A study, or all shards of one in any order."},
    {0},
};

/** What a variable is, without the number of samples: the same for shards and packed files. */
static err add_heading(struct sha256 *sum, struct store *s, const char *path)
{
  static const char *const type[] = {
      [STORE_F32] = "float32", [STORE_F64] = "float64", [STORE_U8] = "uint8",
      [STORE_I32] = "int32",   [STORE_I64] = "int64",   [STORE_U32] = "uint32"};
  char text[800];
  int var = 0, n_dims = 0;
  int64_t dims[STORE_MAX_DIMS];
  TRY(store_find(s, path, &var));
  store_extent(s, var, &n_dims, dims);
  int used = snprintf(text, sizeof text, "%s %s", path, type[store_kind(s, var)]);
  for (int k = 1; k < n_dims; k++)
    used += snprintf(text + used, sizeof text - (size_t)used, " %" PRId64, dims[k]);
  text[used++] = '\n';
  return sha256_add(sum, text, (size_t)used);
}

/** The rows of one part that hold something. */
static err add_rows(struct sha256 *sum, struct part *p, const char *path, const uint8_t *status)
{
  int var = 0;
  err e = ERR_OK;
  TRY(store_find(p->store, path, &var));
  const int64_t bytes = store_row_bytes(p->store, var);
  const int64_t block = bytes < BLOCK_BYTES ? BLOCK_BYTES / bytes : 1;
  char *rows = malloc((size_t)((block < p->count ? block : p->count) * bytes));
  CHECK(rows, ERR_MEMORY, "no memory for rows of %s", path);
  for (int64_t i = 0; !e && i < p->count; i += block) {
    const int64_t n = p->count - i < block ? p->count - i : block;
    e = store_read(p->store, var, i, n, rows);
    for (int64_t k = 0; !e && k < n; k++)
      if (status[i + k] != SAMPLE_PENDING) e = sha256_add(sum, rows + k * bytes, (size_t)bytes);
  }
  free(rows);
  return e;
}

static err read_status(struct part *p, uint8_t **status)
{
  int var = 0;
  *status = calloc((size_t)p->count, 1);
  CHECK(*status, ERR_MEMORY, "no memory for %" PRId64 " samples", p->count);
  TRY(store_find(p->store, "samples/status", &var));
  return store_read(p->store, var, 0, p->count, *status);
}

static err add_part(struct sha256 *sum, struct part *p, const char *path)
{
  uint8_t *status = NULL;
  err e = read_status(p, &status);
  if (!e) e = add_rows(sum, p, path, status);
  free(status);
  return e;
}

/** Every variable with rows, in the order of the file; checksums are no results. */
static err add_all(struct sha256 *sum, struct part *part, int n)
{
  const struct store_schema *s = part[0].schema;
  for (int v = 0; v < s->n_vars; v++) {
    char path[600];
    if (!part_is_row(&s->vars[v]) || !strcmp(s->vars[v].group, "checks")) continue;
    (void)snprintf(path, sizeof path, "%s/%s", s->vars[v].group, s->vars[v].name);
    TRY(add_heading(sum, part[0].store, path));
    for (int k = 0; k < n; k++) TRY(add_part(sum, &part[k], path));
  }
  return ERR_OK;
}

static err digest(struct part *part, int n, char *hex)
{
  struct sha256 *sum = NULL;
  TRY(sha256_make(&sum));
  err e = add_all(sum, part, n);
  if (!e) e = sha256_end(sum, hex);
  sha256_free(&sum);
  return e;
}

static err run(const struct options *o, int *exit_code)
{
  char hex[65];
  int n = 0;
  int64_t pending = 0;
  const char *const *in = options_list(o, "in", &n);
  TRY(options_need(o, "in"));
  struct part *part = calloc((size_t)n, sizeof *part);
  CHECK(part, ERR_MEMORY, "no memory for %d files", n);
  err e = parts_open(in, n, part);
  if (!e) e = digest(part, n, hex);
  for (int k = 0; k < n; k++) pending += part[k].pending;
  parts_close(part, n);
  free(part);
  if (e) return err_trace(e, __FILE__, __LINE__);
  (void)printf("%s  %s%s\n", hex, in[0], n > 1 ? " ..." : "");
  if (pending)
    (void)fprintf(stderr, "%" PRId64 " samples are pending and not part of the hash\n", pending);
  *exit_code = pending ? EXIT_AGAIN : EXIT_DONE;
  return ERR_OK;
}

const struct job job_digest = {
    .name = "digest",
    .summary = "print one hash of all results of a study",
    .usage = "retrograd digest S.h5",
    .about = "SHA-256 over every row of numbers of the samples that are computed (statuses, sizes, "
             "logits, "
             "targets, scores, maps), variable by variable.  It does not depend on the number of "
             "ranks, on restarts, on shards (give all of them) and on packing.  Exit code 75: some "
             "samples "
             "are pending, the hash is of the others.",
    .bare = "in",
    .options = options,
    .run = run,
};
