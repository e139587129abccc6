/** @file
 *  Job `verify`: does a study hold what it says? */
#include "jobs/verify.h"

#include "io/dataset.h"
#include "jobs/job.h"
#include "jobs/other.h"
#include "jobs/print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
    {"file", OPTION_TEXT, ROLE_RUN, "S.h5", NULL, "the study's HDF5 file"},
    {"model", OPTION_TEXT, ROLE_RUN, "FILE", NULL,
     "the model, where it no longer lies where the study found it"},
    {"data", OPTION_TEXT, ROLE_RUN, "PATH", NULL,
     "the data set, where it no longer lies where the study found it"},
    {"recipe", OPTION_TEXT, ROLE_RUN, "FILE", NULL,
     "JSON file with the class names that labels refer to; default: beside the model"},
    {"classes", OPTION_TEXT, ROLE_RUN, "FILE", NULL,
     "class names, as they were given to attribute"},
    {"reader-limits", OPTION_LIST, ROLE_RUN, "NAME=VALUE,...", NULL,
     "other limits against hostile files than those that `retrograd limits` lists"},
    {0},
};

/** All checks in order.  Those after the structure rely on it. */
static const struct {
  const char *name;
  err (*run)(struct verify *c);
} checks[] = {
    {"structure", verify_structure}, {"status", verify_status}, {"logits", verify_logits},
    {"targets", verify_targets},     {"scores", verify_scores}, {"maps", verify_maps},
    {"checksums", verify_checksums}, {"model", verify_model},   {"data", verify_data},
};
enum { CHECKS = sizeof checks / sizeof *checks, COLUMN = 18 };

void verify_problem(struct verify *c, const char *fmt, ...)
{
  va_list args;

  if (c->problems++) return;
  va_start(args, fmt);
  /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started one line above */
  (void)vsnprintf(c->first, sizeof c->first, fmt, args);
  va_end(args);
}

void verify_skip(struct verify *c, const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started one line above */
  (void)vsnprintf(c->note, sizeof c->note, fmt, args);
  va_end(args);
}

static void report(const char *verdict, const char *name, const char *text)
{
  printf("%-6s%-12s", verdict, name);
  print_wrapped(COLUMN, COLUMN, text);
}

/** Run one check and print its line; false where it failed. */
static bool run_check(struct verify *c, int k)
{
  char text[700];

  c->problems = 0;
  c->note[0] = 0;
  if (checks[k].run(c)) verify_problem(c, "%s", err_message());
  if (c->problems > 1) {
    (void)snprintf(text, sizeof text, "%s; %" PRId64 " problems of this kind", c->first,
                   c->problems);
  } else {
    (void)snprintf(text, sizeof text, "%s", c->problems ? c->first : c->note);
  }
  report(c->problems ? "FAIL" : c->note[0] ? "--" : "ok", checks[k].name, text);
  return !c->problems;
}

/** The checks in order; those of the content are left out where the structure is wrong. */
static int count_failures(struct verify *c)
{
  int failed = 0;

  for (int k = 0; k < CHECKS; k++) {
    failed += !run_check(c, k);
    if (k == 0 && failed) break;
  }
  return failed;
}

static err check_view(struct verify *c, int *exit_code)
{
  const struct view *v = c->view;

  c->logits = malloc((size_t)v->n_classes * sizeof *c->logits);
  CHECK(c->logits, ERR_MEMORY, "no memory for %d logits", v->n_classes);
  const int failed = count_failures(c);
  const int64_t pending = view_count(v, SAMPLE_PENDING);
  free(c->logits);
  if (failed) {
    printf("%s: %d check%s failed\n", v->path, failed, failed == 1 ? "" : "s");
  } else if (pending) {
    printf("%s: sound as far as it is; %" PRId64 " of %" PRId64
           " samples are pending: start its command again to continue\n",
           v->path, pending, v->n_samples);
  } else {
    printf("%s: sound and complete\n", v->path);
  }
  *exit_code = failed ? EXIT_FAILED : pending ? EXIT_AGAIN : EXIT_DONE;
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  struct verify c = {.options = o};
  struct store *s = NULL;
  char job[64] = ""; /* what names none is looked at as attribute, and found wanting */

  TRY(options_need(o, "file"));
  TRY(store_open_read(options_text(o, "file"), &s)); /* what is no study at all is wrong usage */
  store_close(&s);
  if (other_job(options_text(o, "file"), job, sizeof job)) job[0] = 0;
  if (job[0] && strcmp(job, "attribute") != 0)
    return other_verify(options_text(o, "file"), o, exit_code);
  const err e = view_open(options_text(o, "file"), &c.view);
  if (e == ERR_FORMAT) {
    report("FAIL", "tables", err_message());
    *exit_code = EXIT_FAILED;
    return ERR_OK;
  }
  if (e) return err_trace(e, __FILE__, __LINE__);
  const err checked = check_view(&c, exit_code);
  view_close(&c.view);
  return checked;
}

const struct job job_verify = {
    .name = "verify",
    .summary = "check that a study holds what it says",
    .usage = "retrograd verify S.h5 [--model M.onnx] [--data PATH]",
    .about = "One line per check: structure, statuses, logits, targets, scores, maps, the "
             "checksums of all "
             "rows, and those of the model and of the data list; where these files are not found "
             "and not given, their "
             "line says so.  Exit code 0: sound and complete; 1: a check failed; 75: sound, but "
             "samples are pending, which continuing the study computes.  Of other jobs' files: "
             "statuses, "
             "checksums and the model.",
    .bare = "file",
    .options = options,
    .run = run,
};
