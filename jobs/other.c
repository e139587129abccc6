/** @file
 *  Studies of any job: what `inspect` and `verify` say of them. */
#include "jobs/other.h"

#include "io/dataset.h"
#include "io/file.h"
#include "jobs/job.h"
#include "jobs/option.h"
#include "jobs/parts.h"
#include "jobs/print.h"
#include "jobs/runs.h"
#include "jobs/view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMN = 12, VERDICT = 18 };

err other_job(const char *path, char *text, int bytes)
{
  struct store *s = NULL;
  char *job = NULL;
  TRY(store_open_read(path, &s));
  const err e = store_attr_text(s, "/", "job", &job);
  if (!e) (void)snprintf(text, (size_t)bytes, "%s", job);
  free(job);
  store_close(&s);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** One line: what, then text wrapped beside it. */
__attribute__((format(printf, 2, 3))) static void say(const char *what, const char *fmt, ...)
{
  char text[2048];
  va_list args;
  va_start(args, fmt);
  /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started one line above */
  (void)vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  (void)printf("%-*s", COLUMN, what);
  print_wrapped(COLUMN, COLUMN, text);
}

/** A text attribute of the schema; NULL: there is none. */
static const char *text_of(const struct part *p, const char *name)
{
  for (int i = 0; i < p->schema->n_attrs; i++)
    if (!strcmp(p->schema->attrs[i].name, name)) return p->schema->attrs[i].text;
  return NULL;
}

static void say_source(const struct part *p, const char *name)
{
  char sum[32];
  (void)snprintf(sum, sizeof sum, "%s_sha256", name);
  const char *path = text_of(p, name), *hash = text_of(p, sum);
  if (path) say(name, "%s (SHA-256 %.12s...)", path, hash ? hash : "unknown");
}

/** The variables of a group, with their dimensions. */
static void say_group(const struct part *p, const char *group)
{
  char text[2048] = "";
  size_t n = 0;
  for (int v = 0; v < p->schema->n_vars && n < sizeof text; v++) {
    const struct store_var *x = &p->schema->vars[v];
    if (strcmp(x->group, group) != 0) continue;
    n += (size_t)snprintf(text + n, sizeof text - n, "%s%s(", n ? ", " : "", x->name);
    for (int k = 0; k < x->n_dims && n < sizeof text; k++)
      n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", k ? "," : "", x->dims[k]);
    if (n < sizeof text) n += (size_t)snprintf(text + n, sizeof text - n, ")");
  }
  say(group, "%s", text);
}

static void say_groups(const struct part *p)
{
  const struct store_schema *s = p->schema;
  for (int v = 0; v < s->n_vars; v++) {
    bool seen = !strcmp(s->vars[v].group, "checks");
    for (int k = 0; k < v; k++) seen = seen || !strcmp(s->vars[k].group, s->vars[v].group);
    if (!seen) say_group(p, s->vars[v].group);
  }
}

static void describe(const struct part *p, const struct runs *runs, bool all)
{
  const char *config = text_of(p, "config");
  (void)printf("%s: a study of the job %s, %s (%.1f %%)\n", p->path, text_of(p, "job"),
               !p->pending    ? "complete"
               : runs->writer ? "running"
                              : "incomplete",
               100.0 * (double)(p->count - p->pending) / (double)p->count);
  say_source(p, "model");
  say_source(p, "data");
  say("rows", "%" PRId64 ": %" PRId64 " finished, %" PRId64 " pending", p->count,
      p->count - p->pending, p->pending);
  say_groups(p);
  if (all && config) say("settings", "%s", config);
  say("kernels", "%s", text_of(p, "kernel_family") ? text_of(p, "kernel_family") : "unknown");
  say("file", "%.1f MB, written by retrograd %s", (double)file_bytes(p->path) / 1e6,
      text_of(p, "software_version"));
  if (runs->summary) say("runs", "%s", runs->summary);
  if (runs->writer) {
    say("next", "a run (process %ld) is writing the file; look again later", runs->writer);
  } else if (p->pending) {
    say("next", "to continue, start %s again", runs->command ? runs->command : "the same command");
  } else {
    say("next", "retrograd verify %s", p->path);
  }
}

err other_inspect(const char *path, bool all)
{
  struct part p = {0};
  struct runs runs = {0};
  err e = parts_open(&path, 1, &p);
  if (!e) {
    runs_read(path, &runs);
    describe(&p, &runs, all);
    runs_free(&runs);
  }
  parts_close(&p, 1);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/* Checks. */

struct found {
  int64_t n;
  char first[600];
};

static void report(const char *name, const struct found *f, const char *note)
{
  char text[700];
  (void)snprintf(text, sizeof text, f->n > 1 ? "%s; %" PRId64 " problems of this kind" : "%s",
                 f->n ? f->first : note, f->n);
  (void)printf("%-6s%-12s", f->n ? "FAIL" : note[0] ? "--" : "ok", name);
  print_wrapped(VERDICT, VERDICT, text);
}

static err check_status(const struct part *p, struct found *f)
{
  int var = 0;
  uint8_t *status = calloc((size_t)p->count, 1);
  CHECK(status, ERR_MEMORY, "no memory for %" PRId64 " rows", p->count);
  err e = store_find(p->store, "samples/status", &var);
  if (!e) e = store_read(p->store, var, 0, p->count, status);
  for (int64_t i = 0; !e && i < p->count; i++) {
    if (strcmp(view_status(status[i]), "unknown") != 0 || f->n++) continue;
    (void)snprintf(f->first, sizeof f->first, "row %" PRId64 " has the unknown status %d", i,
                   status[i]);
  }
  free(status);
  return e;
}

static void note_row(void *who, const char *variable, int64_t row)
{
  struct found *f = who;
  if (f->n++) return;
  (void)snprintf(f->first, sizeof f->first, "row %" PRId64 " of %s differs from its checksum", row,
                 variable);
}

/** The model's checksum; *note: why it could not be compared. */
static err check_model(const struct part *p, const struct options *o, struct found *f,
                       const char **note)
{
  char sum[65];
  const char *given = options_text(o, "model"), *path = given ? given : text_of(p, "model");
  const char *want = text_of(p, "model_sha256");
  *note = "";
  if (!path || !want) *note = "not checked: the file names no model";
  if (!(*note)[0] && !given && access(path, F_OK))
    *note = "not checked: the model no longer lies where the study found it; give --model FILE";
  if ((*note)[0]) return ERR_OK;
  TRY(dataset_file_sha256(path, sum));
  if (!strcmp(sum, want)) return ERR_OK;
  f->n = 1;
  (void)snprintf(f->first, sizeof f->first, "%s is another model than the study's", path);
  return ERR_OK;
}

/** Failed checks of a study. */
static err check_all(const struct part *p, const struct options *o, int *failed)
{
  struct found status = {0}, sums = {0}, model = {0};
  const char *note = "";
  bool there = false;
  TRY(check_status(p, &status));
  report("status", &status, "");
  TRY(store_sums_check(p->store, note_row, &sums, &there));
  report("checksums", &sums, there ? "" : "not checked: the study was written without checksums");
  TRY(check_model(p, o, &model, &note));
  report("model", &model, note);
  *failed = (status.n > 0) + (sums.n > 0) + (model.n > 0);
  return ERR_OK;
}

err other_verify(const char *path, const struct options *o, int *exit_code)
{
  struct part p = {0};
  int failed = 0;
  err e = parts_open(&path, 1, &p);
  if (!e) e = check_all(&p, o, &failed);
  const int64_t pending = p.pending;
  parts_close(&p, 1);
  if (e) return err_trace(e, __FILE__, __LINE__);
  if (failed) {
    (void)printf("%s: %d check%s failed\n", path, failed, failed == 1 ? "" : "s");
  } else {
    (void)printf("%s: sound%s\n", path,
                 pending ? " as far as it is; start its command again to continue"
                         : " and complete");
  }
  *exit_code = failed ? EXIT_FAILED : pending ? EXIT_AGAIN : EXIT_DONE;
  return ERR_OK;
}
