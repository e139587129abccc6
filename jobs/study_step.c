/** @file
 *  The options of a study's steps. */
#include "jobs/study_step.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_ARGS = 60, ARG = 4096 };

/** The command line of a step. */
struct command {
  int n;
  char *argv[MOST_ARGS];
};

static void command_free(struct command *c)
{
  for (int i = 0; i < c->n; i++) free(c->argv[i]);
}

static bool knows(const struct job *job, const char *name)
{
  for (const struct option *k = job->options; k->name; k++)
    if (!strcmp(k->name, name)) return true;
  return false;
}

static void add(struct command *c, const char *before, const char *name, const char *text)
{
  char *arg = NULL;
  if (c->n == MOST_ARGS || asprintf(&arg, "%s%s%s", before, name, text) < 0) return;
  c->argv[c->n++] = arg;
}

static bool is_said(const struct study_step *t, const char *name)
{
  const size_t n = strlen(name);
  for (const char *const *a = t->args; *a; a++)
    if (!strncmp(*a, "--", 2) && !strncmp(*a + 2, name, n) && (*a)[n + 2] == '=') return true;
  return false;
}

/** What was given to the study goes to every job that knows it and does not say it itself. */
static void hand_on(struct command *c, const struct options *o, const struct job *job,
                    const struct study_spec *s, const struct study_step *t)
{
  static const char *const of_data[] = {"model", "data", "limit", "unit", "view", "recipe", NULL};
  static const char *const of_any[] = {"masks", "objects", "resamples", "commit-every", NULL};
  char name[64];
  for (const char *const *k = of_any; *k; k++) {
    (void)snprintf(name, sizeof name, "%s=", *k);
    if (knows(job, *k) && options_text(o, *k) && !is_said(t, *k))
      add(c, "--", name, options_text(o, *k));
  }
  for (const char *const *k = of_data; *k && !t->of; k++) {
    (void)snprintf(name, sizeof name, "%s=", *k);
    if (knows(job, *k) && options_text(o, *k) && !is_said(t, *k))
      add(c, "--", name, options_text(o, *k));
  }
  const char *layers = options_text(o, "layers") ? options_text(o, "layers") : s->layers;
  const char *targets = options_text(o, "targets") ? options_text(o, "targets") : s->targets;
  if (targets && !t->of && knows(job, "targets") && !is_said(t, "targets"))
    add(c, "--targets", "=", targets);
  if (s->layers && !t->of && knows(job, "layers")) add(c, "--layers", "=", layers);
  if (options_flag(o, "quiet")) add(c, "--quiet", "", "");
  if (options_flag(o, "dry-run") && knows(job, "dry-run")) add(c, "--dry-run", "", "");
}

static bool is_of_second(const struct study_spec *s, const struct study_step *t)
{
  return s->second && !strcmp(t->file, s->second);
}

bool study_has_step(const struct study_spec *s, const struct study_step *t, const struct options *o)
{
  return !is_of_second(s, t) || options_text(o, "other");
}

/** Settings that the user adds; the last of an option holds. */
static void add_settings(struct command *c, const struct options *o, const struct job *job)
{
  int n = 0;
  const char *const *list = options_list(o, "settings", &n);
  for (int i = 0; i < n; i++) {
    char name[64];
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(list[i], "="), list[i]);
    if (knows(job, name)) add(c, "--", list[i], "");
  }
}

/** An argument of a step; "--png=@/a.png" is in the folder. */
static void add_own(struct command *c, const char *arg, const char *folder)
{
  const char *at = strstr(arg, "=@/");
  char option[64];
  if (!at) {
    add(c, arg, "", "");
    return;
  }
  (void)snprintf(option, sizeof option, "%.*s=", (int)(at - arg), arg);
  add(c, option, folder, at + 2);
}

static void make_command(struct command *c, const struct options *o, const struct job *job,
                         const struct study_spec *s, const struct study_step *t)
{
  char path[ARG];
  const char *folder = options_text(o, "out");
  if (!folder) folder = "."; /* of a dry run */
  add(c, t->job, "", "");
  (void)snprintf(path, sizeof path, "%s/%s", folder, t->file);
  add(c, "--out", "=", path);
  if (t->of) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, t->of);
    add(c, path, "", "");
  }
  for (const char *const *a = t->args; *a; a++) add_own(c, *a, folder);
  hand_on(c, o, job, s, t);
  if (is_of_second(s, t)) add(c, "--model", "=", options_text(o, "other"));
  add_settings(c, o, job);
}

static const struct job *find_job(const char *name)
{
  for (const struct job *const *j = job_all; *j; j++)
    if (!strcmp((*j)->name, name)) return *j;
  return NULL;
}

err study_step_options(const struct study_spec *s, const struct study_step *t,
                       const struct options *o, const struct job **job, struct options **out)
{
  struct command c = {0};
  *job = find_job(t->job);
  CHECK(*job, ERR_UNSUPPORTED, "there is no job '%s'", t->job);
  make_command(&c, o, *job, s, t);
  const err e = options_parse((*job)->options, (*job)->bare, c.n, c.argv, out);
  command_free(&c);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** Every setting is known to a job of the study. */
static err check_settings(const struct study_spec *s, const struct options *o)
{
  int n = 0;
  const char *const *list = options_list(o, "settings", &n);
  for (int i = 0; i < n; i++) {
    char name[64];
    bool known = false;
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(list[i], "="), list[i]);
    for (const struct study_step *t = s->steps; t->job; t++) {
      const struct job *job = find_job(t->job);
      known = known || (job && knows(job, name));
    }
    CHECK(known && strchr(list[i], '='), ERR_USAGE,
          "--settings %s: no job of the study %s has that option (NAME=VALUE is wanted)", list[i],
          s->name);
  }
  return ERR_OK;
}

/** The options of every step can be read. */
static err check_steps(const struct study_spec *s, const struct options *o)
{
  for (const struct study_step *t = s->steps; t->job; t++) {
    const struct job *job = NULL;
    struct options *of_step = NULL;
    if (!study_has_step(s, t, o)) continue;
    TRY(study_step_options(s, t, o, &job, &of_step));
    options_free(&of_step);
  }
  return ERR_OK;
}

/** There is something that says where objects are. */
static err check_objects(const struct study_spec *s, const struct options *o)
{
  const char *view = options_text(o, "view"), *data = options_text(o, "data");
  const char *ending = data ? strrchr(data, '.') : NULL;
  CHECK(!s->objects || options_text(o, "masks") || options_text(o, "objects") ||
            (view && strstr(view, "mosaic=")) || (ending && !strcmp(ending, ".csv")),
        ERR_USAGE,
        "the study %s wants to know where objects are: give --masks, --objects, mosaics (--view "
        "mosaic=FILE.json --targets given), or a manifest with boxes as --data",
        s->name);
  return ERR_OK;
}

/** Numbers and paths that a later step would refuse. */
static err check_given(const struct options *o)
{
  const char *masks = options_text(o, "masks"), *objects = options_text(o, "objects");
  const int64_t resamples = options_int(o, "resamples");
  CHECK(resamples >= 100 && resamples <= 1000000, ERR_USAGE, "--resamples: give 100 to 1000000");
  CHECK(!masks || !access(masks, R_OK), ERR_USAGE, "--masks %s: %s", masks, strerror(errno));
  CHECK(!objects || !access(objects, R_OK), ERR_USAGE, "--objects %s: %s", objects,
        strerror(errno));
  return ERR_OK;
}

err study_check(const struct study_spec *s, const struct options *o)
{
  const char *trigger = options_text(o, "trigger");
  TRY(check_given(o));
  TRY(check_settings(s, o));
  TRY(check_steps(s, o));
  TRY(check_objects(s, o));
  CHECK(!trigger || s->check_trigger, ERR_USAGE, "the study %s has no trigger", s->name);
  CHECK(!options_text(o, "other") || s->second, ERR_USAGE, "the study %s has no second model",
        s->name);
  if (!trigger) return ERR_OK;
  const struct job *job = NULL;
  struct options *of_step = NULL;
  TRY(study_step_options(s, s->steps, o, &job, &of_step));
  const err e = s->check_trigger(trigger, of_step);
  options_free(&of_step);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
