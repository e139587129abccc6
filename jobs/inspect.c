/** @file
 *  Job `inspect`: what is in a study's file, in one screen. */
#include "io/dataset.h"
#include "io/file.h"
#include "jobs/job.h"
#include "jobs/other.h"
#include "jobs/print.h"
#include "jobs/runs.h"
#include "jobs/view.h"
#include "jobs/weights.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN = 12, NAMES_SHOWN = 3, LIST_SHOWN = 12 };

static const struct option options[] = {
    {"file", OPTION_TEXT, ROLE_RUN, "S.h5", NULL, "the study's HDF5 file"},
    {"all", OPTION_FLAG, ROLE_RUN, NULL, NULL, "name every layer, method and skipped sample"},
    {0},
};

/** One line: what, then text wrapped beside it. */
__attribute__((format(printf, 2, 3))) static void say(const char *what, const char *fmt, ...)
{
  char *text = NULL;
  va_list args;

  va_start(args, fmt);
  if (vasprintf(&text, fmt, args) < 0) text = NULL;
  va_end(args);
  printf("%-*s", COLUMN, what);
  print_wrapped(COLUMN, COLUMN, text ? text : "(no memory)");
  free(text);
}

/** "N: a, b, c and 5 more" of a list of names; new, or NULL. */
static char *join(char *const *name, int n, bool all)
{
  const int shown = all || n <= LIST_SHOWN + 1 ? n : LIST_SHOWN;
  char *text = NULL;
  size_t bytes = 0;
  FILE *f = open_memstream(&text, &bytes);

  if (!f) return NULL;
  (void)fprintf(f, "%d: ", n);
  for (int i = 0; i < shown; i++) (void)fprintf(f, "%s%s", i ? ", " : "", name[i]);
  if (shown < n) (void)fprintf(f, " and %d more", n - shown);
  return fclose(f) == 0 ? text : NULL;
}

static void say_list(const char *what, char *const *name, int n, bool all)
{
  char *text = join(name, n, all);
  say(what, "%s", text ? text : "");
  free(text);
}

/** The first samples that have a status. */
static void say_names(const struct view *v, int code, int64_t n, bool all)
{
  int shown = 0;

  printf("%*s%s: ", COLUMN, "", view_status(code));
  for (int64_t i = 0; i < v->n_samples && (all || shown < NAMES_SHOWN); i++) {
    if (v->status[i] != code) continue;
    printf("%s", shown++ ? ", " : "");
    print_clean(v->sample[i], 120);
  }
  if (n > shown) printf(" and %" PRId64 " more", n - shown);
  putchar('\n');
}

static void say_samples(const struct view *v, bool all)
{
  const int64_t done = view_count(v, SAMPLE_DONE), pending = view_count(v, SAMPLE_PENDING);
  const int64_t skipped = v->n_samples - done - pending;

  say("samples", "%" PRId64 ": %" PRId64 " done, %" PRId64 " pending, %" PRId64 " skipped",
      v->n_samples, done, pending, skipped);
  for (int code = 0; code <= UINT8_MAX && skipped; code++) {
    const int64_t n = view_count(v, code);
    if (n && code != SAMPLE_DONE && code != SAMPLE_PENDING) say_names(v, code, n, all);
  }
}

/** Predictions against labels, over the samples that have both. */
static err say_accuracy(struct view *v)
{
  float *logits = malloc((size_t)v->n_classes * sizeof *logits);
  int64_t labelled = 0, right = 0;
  err e = logits ? ERR_OK : FAIL(ERR_MEMORY, "no memory for %d logits", v->n_classes);

  for (int64_t i = 0; !e && i < v->n_samples; i++) {
    int best = 0;
    if (v->status[i] != SAMPLE_DONE || v->label[i] < 0) continue;
    e = view_logits(v, i, logits);
    if (e) break;
    view_best(logits, v->n_classes, 1, &best);
    labelled++;
    right += best == v->label[i];
  }
  free(logits);
  if (e) return err_trace(e, __FILE__, __LINE__);
  if (labelled) {
    say("accuracy", "%" PRId64 " of %" PRId64 " labelled samples are predicted right (%.1f %%)",
        right, labelled, 100.0 * (double)right / (double)labelled);
  } else {
    say("accuracy", "no sample that is done has a label");
  }
  return ERR_OK;
}

/** A root attribute of text on a line of its own, less where it is absent. */
static err say_text(struct view *v, const char *what, const char *name)
{
  char *text = NULL;

  TRY(view_text(v, name, &text));
  if (text[0]) say(what, "%s", text);
  free(text);
  return ERR_OK;
}

/** "model" or "data" with its checksum. */
static err say_source(struct view *v, const char *what, const char *sum_name)
{
  char *text = NULL, *sum = NULL;
  err e = view_text(v, what, &text);

  if (!e) e = view_text(v, sum_name, &sum);
  if (!e) say(what, "%s (SHA-256 %.12s...)", text, sum);
  free(text);
  free(sum);
  return e;
}

/** The model's files of external data. */
static err say_weights(struct view *v)
{
  char *text = NULL, *rest = NULL;

  TRY(view_text(v, "weights_sha256", &text));
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    if (strlen(line) > WEIGHTS_NAME_AT)
      say("weights", "%s (SHA-256 %.12s...)", line + WEIGHTS_NAME_AT, line);
  }
  free(text);
  return ERR_OK;
}

static void say_tables(const struct view *v, bool all)
{
  say_list("targets", v->target, v->n_targets, all);
  say_list("methods", v->method, v->n_methods, all);
  say_list("layers", v->layer, v->n_layers, all);
}

static void say_passes(struct view *v)
{
  say("passes",
      "%" PRId64 " forward and %" PRId64 " backward planned, %" PRId64 " units of %" PRId64
      " samples",
      view_number(v, "n_forward", 0), view_number(v, "n_backward", 0), view_number(v, "n_units", 0),
      view_number(v, "unit", 0));
}

/** What one may want to do now. */
static void say_next(const struct view *v, const struct runs *runs)
{
  const int64_t pending = view_count(v, SAMPLE_PENDING);

  if (runs->writer) {
    say("next", "a run (process %ld) is writing the file; look again later", runs->writer);
  } else if (pending && runs->command) {
    say("next", "to continue, start it again: %s", runs->command);
  } else if (pending) {
    say("next", "to continue, start the same command again");
  }
  const bool drawable = view_count(v, SAMPLE_DONE) > 0;
  if (drawable) say(pending ? "" : "next", "retrograd render %s", v->path);
  if (!pending) say(drawable ? "" : "next", "retrograd verify %s", v->path);
}

/** What belongs to the program that wrote the file. */
static err say_program(struct view *v)
{
  char *version = NULL;

  TRY(say_text(v, "kernels", "kernel_family"));
  TRY(say_text(v, "libraries", "libraries"));
  TRY(view_text(v, "software_version", &version));
  say("file", "%.1f MB, written by retrograd %s, schema version %" PRId64,
      (double)file_bytes(v->path) / 1e6, version, view_number(v, "schema_version", 0));
  free(version);
  return ERR_OK;
}

static void say_title(const struct view *v, const struct runs *runs)
{
  const int64_t pending = view_count(v, SAMPLE_PENDING);
  const char *state = runs->writer ? "running" : "incomplete";

  printf("%s: a study of the job attribute, %s (%.1f %%)\n", v->path, pending ? state : "complete",
         100.0 * (double)(v->n_samples - pending) / (double)v->n_samples);
}

static err describe(struct view *v, const struct runs *runs, bool all)
{
  say_title(v, runs);
  TRY(say_source(v, "model", "model_sha256"));
  TRY(say_weights(v));
  TRY(say_source(v, "data", "data_sha256"));
  say_samples(v, all);
  TRY(say_accuracy(v));
  say_tables(v, all);
  say_passes(v);
  TRY(say_program(v));
  if (runs->summary) say("runs", "%s", runs->summary);
  say_next(v, runs);
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  struct view *v = NULL;
  struct runs runs = {0};
  char job[64] = "";

  *exit_code = EXIT_DONE;
  TRY(options_need(o, "file"));
  TRY(other_job(options_text(o, "file"), job, sizeof job));
  if (strcmp(job, "attribute") != 0)
    return other_inspect(options_text(o, "file"), options_flag(o, "all"));
  TRY(view_open(options_text(o, "file"), &v));
  runs_read(v->path, &runs);
  const err e = describe(v, &runs, options_flag(o, "all"));
  runs_free(&runs);
  view_close(&v);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_inspect = {
    .name = "inspect",
    .summary = "say what is in a study's file, in one screen",
    .usage = "retrograd inspect S.h5 [--all]",
    .about =
        "Reads the file and the log of its runs, and changes nothing; also while a run writes the "
        "file, and after one was killed.",
    .bare = "file",
    .options = options,
    .run = run,
};
