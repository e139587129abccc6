/** @file
 *  Job `evaluate`: metrics of stored maps. */
#include "core/blas.h"
#include "io/dataset.h"
#include "jobs/evaluate_schema.h"
#include "jobs/evaluator.h"
#include "jobs/job.h"
#include "jobs/run_line.h"
#include "jobs/setup.h"
#include "pipeline/comm.h"
#include "pipeline/study.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
    {"file", OPTION_TEXT, ROLE_RUN, "S.h5", NULL, "The study whose maps are evaluated; complete."},
    {"out", OPTION_TEXT, ROLE_RUN, "FILE", NULL, "The evaluation's HDF5 file, made or continued."},
    {"metrics", OPTION_LIST, ROLE_SETTING, "LIST", "all",
     "Names and globs, see retrograd metrics; all: those that ask no model and for which the study "
     "has "
     "what they need."},
    EVALUATION_OPTIONS,
    {"model", OPTION_TEXT, ROLE_RUN, "FILE", NULL,
     "The model, for metrics that ask it; default: where the study found it."},
    {"data", OPTION_TEXT, ROLE_RUN, "PATH", NULL, "The data set, likewise."},
    {"recipe", OPTION_TEXT, ROLE_RUN, "FILE", NULL,
     "JSON file with the class names that labels refer to; default: beside the model."},
    {"classes", OPTION_TEXT, ROLE_RUN, "FILE", NULL,
     "Class names, as they were given to attribute."},
    {"blas-core", OPTION_TEXT, ROLE_RUN, "NAME", NULL,
     "Matrix products as the study had them, for metrics that ask the model; see attribute."},
    {"csv", OPTION_TEXT, ROLE_RUN, "FILE", NULL, "The tables as CSV, too."},
    {"single", OPTION_FLAG, ROLE_RUN, NULL, "false",
     "One rank is meant, although Slurm gives several tasks."},
    {"force", OPTION_FLAG, ROLE_RUN, NULL, "false",
     "Start over: remove the file of an earlier evaluation (it is said what is removed)."},
    {"quiet", OPTION_FLAG, ROLE_RUN, NULL, "false", "No progress lines."},
    {"log-json", OPTION_FLAG, ROLE_RUN, NULL, "false",
     "Progress, the end and a failure as lines of JSON on standard error."},
    {"log-every", OPTION_REAL, ROLE_RUN, "SECONDS", "30",
     "Between progress lines where standard error is not a terminal."},
    {"commit-every", OPTION_REAL, ROLE_RUN, "SECONDS", "2",
     "A kill loses this much of a rank's work and the unit in flight at most; 0: a sync for each "
     "unit."},
    {0},
};

/** This rank's part of the work. */
struct evaluate {
  struct evaluation e;
  struct view *view;
  struct evaluator *evaluator;
  struct evaluation_model *model; /* NULL: no metric asks it */
  struct evaluation_vars vars;
  struct view_maps *maps; /* [n_layers] */
  int32_t *size;          /* [n_samples][2] */
  float *row;             /* the largest row of maps */
  double **values;        /* [n_layers] of a unit */
  uint8_t *there;         /* [unit][n_targets] */
  double *share;          /* [unit][n_targets] */
  int unit;
};

static int64_t values_of(const struct evaluation *e, int layer)
{
  return (int64_t)e->n_targets * e->layers[layer].n_methods * e->n_metrics;
}

static err read_sizes(struct evaluate *w)
{
  int var = 0;
  w->size = malloc((size_t)w->view->n_samples * 2 * sizeof *w->size);
  CHECK(w->size, ERR_MEMORY, "no memory for sizes");
  TRY(store_find(w->view->store, "samples/size", &var));
  return store_read(w->view->store, var, 0, w->view->n_samples, w->size);
}

static err allocate(struct evaluate *w)
{
  const struct evaluation *e = &w->e;
  const size_t slots = (size_t)w->unit * (size_t)e->n_targets;
  int64_t longest = 0;
  w->maps = calloc((size_t)e->n_layers, sizeof *w->maps);
  w->values = calloc((size_t)e->n_layers, sizeof *w->values);
  w->there = calloc(slots, 1);
  w->share = calloc(slots, sizeof *w->share);
  CHECK(w->maps && w->values && w->there && w->share, ERR_MEMORY, "no memory for an evaluation");
  for (int i = 0; i < e->n_layers; i++) {
    TRY(view_maps_find(w->view, i, &w->maps[i]));
    if (w->maps[i].row > longest) longest = w->maps[i].row;
    w->values[i] = malloc((size_t)(w->unit * values_of(e, i)) * sizeof **w->values);
    CHECK(w->values[i], ERR_MEMORY, "no memory for an evaluation");
  }
  w->row = malloc((size_t)longest * sizeof *w->row);
  CHECK(w->row, ERR_MEMORY, "no memory for maps");
  TRY(read_sizes(w));
  TRY(evaluator_make(e, &w->evaluator));
  if (w->model) TRY(evaluator_ask(w->evaluator, evaluation_model_perturb(w->model)));
  return ERR_OK;
}

static void evaluate_free(struct evaluate *w)
{
  for (int i = 0; i < w->e.n_layers; i++) {
    if (w->maps) view_maps_free(&w->maps[i]);
    if (w->values) free(w->values[i]);
  }
  free(w->maps);
  free((void *)w->values);
  free(w->there);
  free(w->share);
  free(w->row);
  free(w->size);
  evaluation_vars_free(&w->vars);
  evaluator_free(&w->evaluator);
  evaluation_model_close(&w->model);
  evaluation_free(&w->e);
  view_close(&w->view);
}

static err begin(void *who, struct store *f, const struct study_unit *first)
{
  struct evaluate *w = who;
  (void)first;
  return evaluation_vars_find(&w->e, f, &w->vars);
}

static void blank(struct evaluate *w, int b)
{
  const struct evaluation *e = &w->e;
  for (int t = 0; t < e->n_targets; t++) {
    w->there[b * e->n_targets + t] = OBJECT_NONE;
    w->share[b * e->n_targets + t] = NAN;
  }
  for (int i = 0; i < e->n_layers; i++)
    for (int64_t k = 0; k < values_of(e, i); k++) w->values[i][b * values_of(e, i) + k] = NAN;
}

static err sample_values(struct evaluate *w, int64_t sample, int b)
{
  const struct evaluation *e = &w->e;
  const int64_t slots = e->n_targets;
  if (w->model) TRY(evaluation_model_image(w->model, sample));
  TRY(evaluator_begin(w->evaluator, sample, w->size + 2 * sample,
                      w->view->target_class + sample * slots, w->there + b * slots,
                      w->share + b * slots));
  for (int i = 0; i < e->n_layers; i++) {
    TRY(view_maps_read(w->view, &w->maps[i], sample, w->row));
    comm_leave();
    evaluator_layer(w->evaluator, i, w->row, w->values[i] + b * values_of(e, i));
    comm_enter();
  }
  return ERR_OK;
}

static err compute(void *who, struct store *f, const struct study_unit *unit, uint8_t *status)
{
  struct evaluate *w = who;
  for (int b = 0; b < unit->count; b++) {
    status[b] = w->view->status[unit->first + b];
    if (status[b] == SAMPLE_DONE) {
      TRY(sample_values(w, unit->first + b, b));
    } else {
      blank(w, b);
    }
  }
  TRY(store_write(f, w->vars.there, unit->first, unit->count, w->there));
  TRY(store_write(f, w->vars.share, unit->first, unit->count, w->share));
  for (int i = 0; i < w->e.n_layers; i++)
    TRY(store_write(f, w->vars.values[i], unit->first, unit->count, w->values[i]));
  return ERR_OK;
}

static err finish(void *who, struct store *f)
{
  return evaluation_tables(&((struct evaluate *)who)->e, f);
}

static char *account(void *who)
{
  (void)who;
  return strdup("{}");
}

static err check_complete(const struct view *v)
{
  const int64_t pending = view_count(v, SAMPLE_PENDING);
  CHECK(!pending, ERR_INPUT,
        "%s is not complete: %" PRId64 " of %" PRId64
        " samples are pending; start its command again "
        "first",
        v->path, pending, v->n_samples);
  return ERR_OK;
}

static err prepare(struct evaluate *w, const struct options *o)
{
  int n = 0;
  const char *const *names = options_list(o, "metrics", &n);
  TRY(options_need(o, "file"));
  TRY(options_need(o, "out"));
  TRY(view_open(options_text(o, "file"), &w->view));
  TRY(check_complete(w->view));
  w->unit = (int)view_number(w->view, "unit", 1);
  TRY(evaluation_of_view(&w->e, w->view, o));
  TRY(evaluation_options(&w->e, o, names, n));
  TRY(evaluation_model_open(&w->e, w->view, o, &w->model));
  return allocate(w);
}

static err evaluate(struct evaluate *w, const struct options *o, int *exit_code)
{
  struct study_result result = {0};
  const struct store_schema *schema = NULL;
  char *line = NULL;
  err e = comm_agree(evaluate_schema(&w->e, w->view, w->unit, &schema));
  if (!e) e = comm_agree(run_line_make("evaluate", &line));
  if (!e) {
    const struct study study = {.job = "evaluate",
                                .path = options_text(o, "out"),
                                .schema = schema,
                                .n_samples = w->e.n_samples,
                                .unit = w->unit,
                                .force = options_flag(o, "force"),
                                .quiet = options_flag(o, "quiet"),
                                .log_json = options_flag(o, "log-json"),
                                .log_every = options_real(o, "log-every"),
                                .commit_every = options_real(o, "commit-every"),
                                .run_line = line,
                                .who = w,
                                .begin = begin,
                                .compute = compute,
                                .finish = finish,
                                .account = account};
    e = study_run(&study, &result);
  }
  free(line);
  if (e) return err_trace(e, __FILE__, __LINE__);
  if (comm_rank() == 0) {
    (void)printf("%s: %" PRId64 " samples done, %" PRId64 " skipped, %" PRId64 " left\n",
                 options_text(o, "out"), result.done, result.skipped, result.pending);
  }
  e = ERR_OK;
  if (!result.pending && options_text(o, "csv") && comm_rank() == 0)
    e = evaluation_csv(&w->e, options_text(o, "out"), options_text(o, "csv"));
  TRY(comm_agree(e));
  *exit_code = result.pending ? EXIT_AGAIN : result.skipped ? EXIT_SKIPPED : EXIT_DONE;
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  struct evaluate w = {.unit = 0};
  if (options_flag(o, "log-json")) comm_report_json();
  blas_single_thread();
  TRY(setup_tasks(o));
  comm_catch_signals();
  err e = comm_agree(prepare(&w, o));
  if (!e) e = evaluate(&w, o, exit_code);
  evaluate_free(&w);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_evaluate = {
    .name = "evaluate",
    .summary = "metrics of stored maps: pointing, insertion, class sensitivity, ...",
    .usage = "retrograd evaluate S.h5 --metrics LIST --out E.h5 [options]\n"
             "  mpirun -n 4 retrograd evaluate ...",
    .about =
        "Every metric for every map of a study, and tables of means and medians with bootstrap "
        "intervals (/tables, and --csv).  The file is the same, byte for byte, for any number of "
        "ranks and after any number of restarts.  docs/evaluate.md says what each metric is.",
    .bare = "file",
    .parallel = true,
    .options = options,
    .run = run,
};
