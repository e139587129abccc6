/** @file
 *  Studies of papers: several jobs, then a page. */
#include "core/nearest.h"
#include "jobs/job.h"
#include "jobs/study_page.h"
#include "jobs/study_step.h"
#include "pipeline/comm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STUDY(name) extern const struct study_spec study_##name;
#include "jobs/study_list.h"
#undef STUDY

const struct study_spec *const study_all[] = {
#define STUDY(name) &study_##name,
#include "jobs/study_list.h"
#undef STUDY
    NULL,
};

static const struct option options[] = {
    {"name", OPTION_TEXT, ROLE_RUN, "NAME", NULL, "The study; see --list."},
    {"list", OPTION_FLAG, ROLE_RUN, NULL, "false", "Say which studies there are."},
    {"model", OPTION_TEXT, ROLE_RUN, "FILE", NULL, "The classifier, an ONNX file."},
    {"data", OPTION_TEXT, ROLE_RUN, "PATH", NULL,
     "Images, as for retrograd attribute; two studies do without."},
    {"out", OPTION_TEXT, ROLE_RUN, "FOLDER", NULL,
     "Where files, figures and the page README.md go; started again, it continues."},
    {"limit", OPTION_TEXT, ROLE_RUN, "N", "64", "Only the first N samples; 0: all."},
    {"unit", OPTION_TEXT, ROLE_RUN, "N", "0",
     "Samples computed together; 0: chosen from the model."},
    {"recipe", OPTION_TEXT, ROLE_RUN, "FILE", NULL, "As for retrograd attribute."},
    {"view", OPTION_TEXT, ROLE_RUN, "LIST", NULL, "As for retrograd attribute: mosaics."},
    {"layers", OPTION_TEXT, ROLE_RUN, "LIST", NULL,
     "As for retrograd attribute, where a study looks at several layers."},
    {"targets", OPTION_TEXT, ROLE_RUN, "LIST", NULL,
     "As for retrograd attribute, where a study is of given classes of an image; as for retrograd "
     "classmap, where it is of classes alone."},
    {"masks", OPTION_TEXT, ROLE_RUN, "FOLDER", NULL, "As for retrograd evaluate."},
    {"objects", OPTION_TEXT, ROLE_RUN, "FILE.csv", NULL, "As for retrograd evaluate."},
    {"other", OPTION_TEXT, ROLE_RUN, "FILE", NULL,
     "A second model, for backdoor-signature: the clean one beside the suspected, or the reverse."},
    {"trigger", OPTION_TEXT, ROLE_RUN, "FILE.png|Y:X:H:W", NULL,
     "The known trigger, for backdoor-signature: a mask as large as the model's input, or a box."},
    {"settings", OPTION_LIST, ROLE_RUN, "NAME=VALUE,...", NULL,
     "Options of the study's jobs, to each that knows them; they win over the study's own."},
    {"resamples", OPTION_INT, ROLE_RUN, "N", "10000", "Of the bootstrap for intervals."},
    {"commit-every", OPTION_TEXT, ROLE_RUN, "SECONDS", "2", "As for retrograd attribute."},
    {"quiet", OPTION_FLAG, ROLE_RUN, NULL, "false", "No progress lines."},
    {"dry-run", OPTION_FLAG, ROLE_RUN, NULL, "false",
     "Print the plan of each job (passes, memory, bytes, time) and leave no file."},
    {0},
};

static void list(void)
{
  for (const struct study_spec *const *s = study_all; *s; s++) {
    (void)printf("%-22s %s\n%-22s %s; %s\n", (*s)->name, (*s)->summary, "", (*s)->paper,
                 (*s)->where);
  }
}

static err find(const char *name, const struct study_spec **out)
{
  const char *names[64];
  char near[200];
  int n = 0;
  CHECK(name, ERR_USAGE, "which study? (retrograd study --list says which there are)");
  for (; study_all[n]; n++) {
    names[n] = study_all[n]->name;
    if (!strcmp(name, names[n])) *out = study_all[n];
  }
  CHECK(*out, ERR_USAGE, "there is no study '%s'%s (retrograd study --list)", name,
        nearest_text(name, names, n, near, sizeof near));
  return ERR_OK;
}

/** One job; it continues where it was stopped, and does nothing where it is done. */
static err run_step(const struct options *o, const struct study_spec *s, const struct study_step *t,
                    int *exit_code)
{
  const struct job *job = NULL;
  struct options *of_step = NULL;
  TRY(comm_agree(study_step_options(s, t, o, &job, &of_step)));
  const err e = job->run(of_step, exit_code);
  options_free(&of_step);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err make_folder(const char *folder)
{
  struct stat st;
  if (mkdir(folder, 0777) == 0 ||
      (errno == EEXIST && stat(folder, &st) == 0 && S_ISDIR(st.st_mode)))
    return ERR_OK;
  return FAIL(ERR_IO, "cannot make the folder %s: %s", folder, strerror(errno));
}

/** What the steps would take; one that reads an earlier step's file takes little and cannot be asked yet. */
static err dry_run(const struct study_spec *spec, const struct options *o, int *exit_code)
{
  for (const struct study_step *t = spec->steps; t->job; t++) {
    if (!study_has_step(spec, t, o)) continue;
    if (comm_rank() == 0) {
      (void)printf("%s%s: retrograd %s%s\n", t == spec->steps ? "" : "\n", t->file, t->job,
                   t->of ? ", from the maps of the step before" : "");
      (void)fflush(stdout);
    }
    if (!t->of) TRY(run_step(o, spec, t, exit_code));
  }
  return ERR_OK;
}

static err run_steps(const struct study_spec *spec, const struct options *o, int *exit_code)
{
  int worst = EXIT_DONE;
  for (const struct study_step *t = spec->steps; t->job; t++) {
    if (!study_has_step(spec, t, o)) continue;
    *exit_code = EXIT_DONE;
    TRY(run_step(o, spec, t, exit_code));
    if (*exit_code == EXIT_AGAIN) return ERR_OK;
    worst = *exit_code > worst ? *exit_code : worst;
  }
  *exit_code = worst;
  return ERR_OK;
}

static err run_study(const struct study_spec *spec, const struct options *o, int *exit_code)
{
  const char *folder = options_text(o, "out");
  TRY(comm_agree(study_check(spec, o)));
  if (options_flag(o, "dry-run")) return dry_run(spec, o, exit_code);
  TRY(comm_agree(comm_rank() == 0 ? make_folder(folder) : ERR_OK));
  const err e = run_steps(spec, o, exit_code);
  if (e && comm_rank() == 0) (void)rmdir(folder); /* where the first step refused: it is empty */
  TRY(e);
  if (*exit_code == EXIT_AGAIN) return ERR_OK; /* stopped: to be started again */
  struct study_setting set = {.model = options_text(o, "model"),
                              .data = options_text(o, "data"),
                              .folder = folder,
                              .other = options_text(o, "other"),
                              .trigger = options_text(o, "trigger"),
                              .resamples = (int)options_int(o, "resamples")};
  set.settings = options_list(o, "settings", &set.n_settings);
  TRY(comm_agree(comm_rank() == 0 ? study_page(spec, &set) : ERR_OK));
  if (comm_rank() == 0) (void)printf("%s/README.md has the findings\n", folder);
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  const struct study_spec *spec = NULL;
  if (options_flag(o, "list")) {
    if (comm_rank() == 0) list();
    return ERR_OK;
  }
  TRY(find(options_text(o, "name"), &spec));
  CHECK(options_text(o, "model"), ERR_USAGE, "which model? give --model FILE.onnx");
  CHECK(options_text(o, "data") || spec->no_images, ERR_USAGE, "which images? give --data PATH");
  CHECK(options_text(o, "out") || options_flag(o, "dry-run"), ERR_USAGE,
        "where to? give --out FOLDER");
  TRY(run_study(spec, o, exit_code));
  return ERR_OK;
}

const struct job job_study = {
    .name = "study",
    .summary = "repeat a study of a paper: files, tables, figures and a page",
    .usage = "retrograd study NAME --model M.onnx --data D --out FOLDER [options]\n"
             "  retrograd study --list\n  mpirun -n 4 retrograd study ...",
    .about =
        "Runs the jobs that a study consists of, each into a file of its own, then writes what "
        "they "
        "come to beside what the paper found: findings as statements with intervals, published "
        "numbers, figures.  Start the same command again to continue.",
    .bare = "name",
    .parallel = true,
    .options = options,
    .run = run,
};
