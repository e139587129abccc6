/** @file
 *  Job `evaluate`: metrics of stored maps. */
#include "core/blas.h"
#include "io/dataset.h"
#include "jobs/evaluate_schema.h"
#include "jobs/evaluation_rows.h"
#include "jobs/job.h"
#include "jobs/setup.h"
#include "jobs/start.h"
#include "pipeline/comm.h"
#include "pipeline/study.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
    {"file", OPTION_TEXT, ROLE_RUN, "S.h5", NULL, "The study whose maps are evaluated; complete."},
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
    START_OPTIONS,
    {0},
};

/** This rank's part of the work. */
struct evaluate {
  struct evaluation e;
  struct view *view;
  struct evaluation_rows *rows;
  struct evaluation_model *model; /* NULL: no metric asks it */
  struct view_maps *maps;         /* [n_layers] */
  int32_t *size;                  /* [n_samples][2] */
  float *row;                     /* the largest row of maps */
  int unit;
};

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
  int64_t longest = 1;
  w->maps = calloc((size_t)w->e.n_layers, sizeof *w->maps);
  CHECK(w->maps, ERR_MEMORY, "no memory for an evaluation");
  for (int i = 0; i < w->e.n_layers; i++) {
    TRY(view_maps_find(w->view, i, &w->maps[i]));
    if (w->maps[i].row > longest) longest = w->maps[i].row;
  }
  w->row = malloc((size_t)longest * sizeof *w->row);
  CHECK(w->row, ERR_MEMORY, "no memory for maps");
  TRY(read_sizes(w));
  TRY(evaluation_rows_make(&w->e, w->unit, &w->rows));
  if (w->model) evaluation_rows_ask(w->rows, evaluation_model_perturb(w->model));
  return ERR_OK;
}

static void evaluate_free(struct evaluate *w)
{
  for (int i = 0; w->maps && i < w->e.n_layers; i++) view_maps_free(&w->maps[i]);
  free(w->maps);
  free(w->row);
  free(w->size);
  evaluation_rows_free(&w->rows);
  evaluation_model_close(&w->model);
  evaluation_free(&w->e);
  view_close(&w->view);
}

static err begin(void *who, struct store *f, const struct study_unit *first)
{
  struct evaluate *w = who;
  (void)first;
  return evaluation_rows_find(w->rows, f);
}

static err sample_values(struct evaluate *w, int64_t sample, int b)
{
  TRY(evaluation_rows_begin(w->rows, b, sample, w->size + 2 * sample,
                            w->view->target_class + sample * w->e.n_targets));
  for (int i = 0; i < w->e.n_layers; i++) {
    TRY(view_maps_read(w->view, &w->maps[i], sample, w->row));
    comm_leave();
    evaluation_rows_layer(w->rows, b, i, w->row);
    comm_enter();
  }
  return ERR_OK;
}

static err compute(void *who, struct store *f, const struct study_unit *unit, uint8_t *status)
{
  struct evaluate *w = who;
  if (w->model) TRY(evaluation_model_unit(w->model, &w->e, unit));
  for (int b = 0; b < unit->count; b++) {
    status[b] = w->view->status[unit->first + b];
    if (status[b] == SAMPLE_DONE) {
      TRY(sample_values(w, unit->first + b, b));
    } else {
      evaluation_rows_blank(w->rows, b);
    }
  }
  comm_leave();
  evaluation_rows_end(w->rows);
  comm_enter();
  return evaluation_rows_write(w->rows, f, unit->first, unit->count);
}

static err finish(void *who, struct store *f)
{
  return evaluation_tables(&((struct evaluate *)who)->e, f);
}

static char *account(void *who)
{
  const struct evaluate *w = who;
  char *text = NULL;
  if (!w->model) return strdup("{}");
  const int n = asprintf(&text, "{\"n_forward\":%" PRId64 "}", evaluation_model_passes(w->model));
  return n < 0 ? NULL : text;
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
  struct study study = {.job = "evaluate",
                        .n_samples = w->e.n_samples,
                        .unit = w->unit,
                        .who = w,
                        .begin = begin,
                        .compute = compute,
                        .finish = finish,
                        .account = account};
  struct draft *draft = NULL;
  TRY(comm_agree(evaluate_schema_make(&w->e, w->view, w->unit, &draft)));
  study.schema = &draft->schema;
  err e = start_study(&study, o, &result, exit_code);
  draft_free(&draft);
  if (e) return err_trace(e, __FILE__, __LINE__);
  if (!result.pending && options_text(o, "csv") && comm_rank() == 0)
    e = evaluation_csv(&w->e, options_text(o, "out"), options_text(o, "csv"));
  return comm_agree(e);
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
