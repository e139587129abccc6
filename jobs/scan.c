/** @file
 *  Job `scan`: does a class of a model look for something that it should not? */
#include "core/blas.h"
#include "core/product.h"
#include "jobs/job.h"
#include "jobs/run_line.h"
#include "jobs/scan_dry.h"
#include "jobs/scan_unit.h"
#include "jobs/scan_verdict.h"
#include "jobs/setup_class.h"
#include "jobs/start.h"
#include "pipeline/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
    SETUP_MODEL_OPTIONS,
    SETUP_LIMITS_OPTION,
    {"recipe", OPTION_TEXT, ROLE_RUN, "FILE", NULL,
     "JSON file with size, mean, std and classes; default: beside the model."},
    {"resize", OPTION_TEXT, ROLE_SETTING, "none|N|HxW", NULL,
     "Clean images: resize the short side to N, or to H x W; default: what the recipe says."},
    {"view", OPTION_LIST, ROLE_SETTING, "LIST", NULL,
     "Clean images seen otherwise: only invert is possible here, see attribute."},
    SETUP_PIXEL_OPTIONS,
    {"scores", OPTION_LIST, ROLE_SETTING, "LIST", "gain",
     "gain (ours), neural_cleanse, neuron_inspect; the last two are the field's baselines."},
    {"clean", OPTION_TEXT, ROLE_RUN, "PATH", NULL,
     "Clean images, as --data of attribute; some 50 are enough, none are needed."},
    {"clean-limit", OPTION_INT, ROLE_SETTING, "N", "0", "Only N of them, evenly spread; 0: all."},
    {"pool", OPTION_INT, ROLE_SETTING, "N", "120", "Synthetic images that stand for clean ones."},
    {"keep", OPTION_INT, ROLE_SETTING, "N", "3",
     "Classes that go on to the expensive pass after the coarse one over all classes."},
    {"replicates", OPTION_INT, ROLE_SETTING, "N", "2",
     "Parts of each noise's images: each finds patterns that the others measure."},
    {"coarse-only", OPTION_FLAG, ROLE_SETTING, NULL, "false",
     "Stop after the coarse pass: no verdict, but gains of all classes."},
    {"nc-steps", OPTION_INT, ROLE_SETTING, "N", "1000", "Neural Cleanse: steps at most."},
    {"nc-batches", OPTION_INT, ROLE_SETTING, "N", "31",
     "Neural Cleanse: mini-batches of 32 images in a step."},
    {"seed", OPTION_INT, ROLE_SETTING, "N", "1", "Of the random numbers."},
    {"flag-below", OPTION_REAL, ROLE_RUN, "P", "0.05", "The verdict says suspicious below this p."},
    {"unit", OPTION_INT, ROLE_SETTING, "N", "4",
     "Images computed together; 0: chosen from the model."},
    SETUP_KERNEL_OPTIONS,
    START_RUN_OPTIONS,
    {"csv", OPTION_TEXT, ROLE_RUN, "FILE", NULL, "Also a line for each class as CSV."},
    {"png", OPTION_TEXT, ROLE_RUN, "FILE", NULL,
     "Also the suspected class's signature: map, energy and patch, the window marked."},
    {"dry-run", OPTION_FLAG, ROLE_RUN, NULL, "false",
     "Print the plan (rows, passes, memory, bytes, time) and leave no file."},
    {0},
};

/** One stage: rows [from, until) of the file. */
static err stage(const struct scan_job *j, const struct options *o, const struct draft *schema,
                 struct scan_unit *u, int64_t from, int64_t until, struct study_result *result)
{
  char *line = NULL;
  TRY(comm_agree(run_line_make("scan", &line)));
  const struct study study = {.job = "scan",
                              .path = options_text(o, "out"),
                              .schema = &schema->schema,
                              .n_samples = j->rows,
                              .unit = 1,
                              .from = from,
                              .until = until,
                              .force = from == 0 && options_flag(o, "force"),
                              .quiet = options_flag(o, "quiet"),
                              .log_json = options_flag(o, "log-json"),
                              .log_every = options_real(o, "log-every"),
                              .commit_every = 2.0,
                              .run_line = line,
                              .who = u,
                              .begin = scan_unit_begin,
                              .compute = scan_unit_compute,
                              .account = scan_unit_account};
  const err e = study_run(&study, result);
  free(line);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** Table, CSV and picture, by rank 0. */
static err report(const struct scan_job *j, const struct options *o, const struct scan_verdict *v)
{
  const char *csv = options_text(o, "csv"), *png = options_text(o, "png");
  if (comm_rank() != 0) return ERR_OK;
  scan_report_print(j, v);
  if (csv) TRY(scan_report_csv(j, v, csv));
  if (png) TRY(scan_report_png(j, v, options_text(o, "out"), png));
  return ERR_OK;
}

static err conclude(const struct scan_job *j, const struct options *o, const struct scan_unit *u)
{
  struct scan_verdict *v = NULL;
  err e = comm_agree(scan_verdict_make(j, scan_unit_pool(u), options_text(o, "out"), &v));
  if (!e) e = scan_verdict_write(v, options_text(o, "out"));
  if (!e) e = comm_agree(report(j, o, v));
  scan_verdict_free(&v);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err stages(const struct scan_job *j, const struct options *o, const struct draft *schema,
                  struct scan_unit *u, int *exit_code)
{
  struct study_result result = {0};
  const int64_t fine = scan_first(j, SCAN_FINE);
  *exit_code = EXIT_AGAIN;
  TRY(stage(j, o, schema, u, 0, fine, &result));
  if (result.stopped && result.pending > j->rows - fine) return ERR_OK;
  if (j->scores[SCAN_FINE]) {
    TRY(comm_agree(scan_unit_choose(u, options_text(o, "out"))));
    TRY(stage(j, o, schema, u, fine, j->rows, &result));
    if (result.pending) return ERR_OK;
  }
  *exit_code = EXIT_DONE;
  return conclude(j, o, u);
}

static err compute(const struct scan_job *j, const struct options *o, int *exit_code)
{
  struct draft *schema = NULL;
  struct scan_unit *u = NULL;
  err e = comm_agree(scan_schema_make(j, o, &schema));
  if (!e) e = scan_unit_make(j, &u);
  if (!e) e = stages(j, o, schema, u, exit_code);
  if (!e && *exit_code == EXIT_AGAIN && comm_rank() == 0)
    printf("stopped on request; start the same command again to continue\n");
  scan_unit_free(&u);
  draft_free(&schema);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static void announce(const struct scan_job *j)
{
  if (comm_rank() != 0) return;
  (void)fprintf(stderr, "%s: %d classes, %lld rows; kernels %s (%s), %d rank%s\n",
                j->setup->model_path, j->classes, (long long)j->rows, product_family(),
                product_vectors(), comm_size(), comm_size() > 1 ? "s" : "");
  if ((j->scores[SCAN_CLEANSE] || j->scores[SCAN_INSPECT]) && !j->n_clean)
    (void)fprintf(stderr, "note: without --clean the baselines work on the synthetic pool\n");
}

static err with_setup(struct setup *s, const struct options *o, int *exit_code)
{
  const bool dry = options_flag(o, "dry-run");
  struct scan_job j = {.setup = s, .p_flag = options_real(o, "flag-below")};
  CHECK(dry || options_text(o, "out"), ERR_USAGE, "where to? give --out FILE.h5");
  if (!dry) TRY(setup_tasks(o));
  comm_catch_signals();
  TRY(comm_agree(setup_model(s, o)));
  setup_say_pixels(s, o);
  TRY(setup_ranks(s));
  if (!dry) TRY(setup_weights(s));
  TRY(setup_classes(s, o, false, &j.scale));
  err e = scan_job_read(&j, o);
  if (!e) announce(&j);
  if (!e) e = dry ? scan_dry(&j, o) : compute(&j, o, exit_code);
  scan_job_free(&j);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  struct setup s = {0};
  if (options_flag(o, "log-json")) comm_report_json();
  blas_single_thread();
  const err e = with_setup(&s, o, exit_code);
  setup_free(&s);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_scan = {
    .name = "scan",
    .summary = "look for backdoors in a model, without a trigger or an image",
    .usage = "retrograd scan --model M.onnx --out S.h5 [options]\n"
             "  mpirun -n 4 retrograd scan ...",
    .about =
        "For each class, patterns that are the same for all images (an added map, a pasted patch) "
        "are sought that push synthetic images of other classes towards it; a class that "
        "leads all others by far is suspicious.  The p-value is the share of clean models whose "
        "largest score is at least as big.  docs/scan.md has the procedure, its results, and "
        "what a clean verdict does not mean.",
    .parallel = true,
    .options = options,
    .run = run,
};
