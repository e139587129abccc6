/** @file
 *  The main job: every method at every layer for every sample and target of a data set. */
#include "core/blas.h"
#include "core/product.h"
#include "jobs/attribute_dry.h"
#include "jobs/attribute_maps.h"
#include "jobs/attribute_schema.h"
#include "jobs/attribute_unit.h"
#include "jobs/evaluation_schema.h"
#include "jobs/job.h"
#include "jobs/setup.h"
#include "jobs/start.h"
#include "pipeline/comm.h"
#include "pipeline/study.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
    SETUP_MODEL_OPTIONS,
    SETUP_LIMITS_OPTION,
    SETUP_DATA_OPTIONS,
    SETUP_METHOD_OPTIONS,
    SETUP_AVERAGE_OPTIONS,
    SETUP_PLAN_OPTIONS,
    START_OPTIONS,
    {"evaluate", OPTION_LIST, ROLE_SETTING, "LIST", NULL,
     "Metrics of the maps while they are in memory, as retrograd evaluate would give them: groups "
     "/values and /tables of the file; see retrograd metrics."},
    EVALUATION_OPTIONS,
    {"shard", OPTION_TEXT, ROLE_RUN, "i/n", NULL,
     "Only the i-th of n parts of the data set, 1 <= i <= n, into a file of its own; `retrograd "
     "merge` joins them."},
    {"dry-run", OPTION_FLAG, ROLE_RUN, NULL, "false",
     "Print the plan (passes, memory, bytes, time, what to ask of Slurm) and leave no file; some "
     "units are measured."},
    {"plan-ranks", OPTION_INT, ROLE_RUN, "N", "0",
     "Ranks of the plan's proposal; 0: as few as end within the time."},
    {"plan-within", OPTION_REAL, ROLE_RUN, "MINUTES", "60", "The time that the proposal aims at."},
    {"plan-node", OPTION_TEXT, ROLE_RUN, "CORESxMIB", NULL,
     "Nodes of the proposal; default: like this machine."},
    {0},
};

/** One line on standard error: the text, or JSON with it. */
__attribute__((format(printf, 3, 4))) static void say(bool as_json, const char *event,
                                                      const char *fmt, ...)
{
  char *text = NULL, *line = NULL;
  va_list args;
  va_start(args, fmt);
  if (vasprintf(&text, fmt, args) < 0) text = NULL;
  va_end(args);
  json_t *o = as_json && text ? json_pack("{s:s, s:s}", "event", event, "text", text) : NULL;
  if (o) line = json_dumps(o, JSON_COMPACT);
  if (line || (text && !as_json)) {
    (void)fprintf(stderr, "%s%s\n",
                  strcmp(event, "warning") != 0 || as_json ? "" : "warning: ", line ? line : text);
  }
  json_decref(o);
  free(line);
  free(text);
}

/** Samples of this study without a label, where maps of the label are asked for. */
static int64_t count_unlabelled(const struct setup *s)
{
  bool asked = false;
  int64_t n = 0;
  for (int t = 0; t < s->n_targets; t++) asked = asked || s->targets[t].kind == TARGET_LABEL;
  for (int64_t i = s->first; asked && i < s->first + s->count; i++)
    n += dataset_sample(s->data, i).label < 0;
  return n;
}

/** The class of all samples of this study, of which there are several; -1: they differ or have none. */
static int only_class(const struct setup *s)
{
  const int first = s->count > 1 ? dataset_sample(s->data, s->first).label : -1;
  for (int64_t i = 1; first >= 0 && i < s->count; i++)
    if (dataset_sample(s->data, s->first + i).label != first) return -1;
  return first;
}

/** Say what the study is about, before the work starts; rank 0. */
static void announce(const struct setup *s, const struct options *o)
{
  const bool json = options_flag(o, "log-json");
  if (comm_rank() != 0) return;
  const struct plan *p = s->plan;
  say(json, "plan",
      "%s: %d layers x %d methods x %d targets, %" PRId64
      " samples in units of %d; per unit %d forward and %d backward passes; kernels %s (%s), %d "
      "rank%s",
      s->model_path, plan_tap_places(p), s->n_methods, s->n_targets, s->count, s->unit,
      p->n_forward, p->n_backward, product_family(), product_vectors(), comm_size(),
      comm_size() > 1 ? "s" : "");
  if (s->notes.taken_off[0])
    say(json, "note", "the logits are what goes into %s", s->notes.taken_off);
  for (const char *line = s->left_out; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    say(json, "note", "%.*s", (int)strcspn(line, "\n"), line);
  }
  const int64_t unlabelled = count_unlabelled(s);
  if (unlabelled) {
    say(json, "note",
        "%" PRId64 " of %" PRId64 " samples have no label: their maps of the target label are NaN",
        unlabelled, s->count);
  }
  if (options_int(o, "limit") > 0 && only_class(s) >= 0) {
    say(json, "note",
        "all %" PRId64
        " samples are of class %d: --limit takes the first of the data set; a manifest "
        "chooses others",
        s->count, only_class(s));
  }
  if (s->weights && !shared_memory(s->weights)) {
    say(json, "warning", "too little room in /dev/shm: each rank holds the weights (%.0f MB)",
        (double)s->graph->weight_bytes / 1e6);
  }
  if (product_is_blas() && blas_warning()) say(json, "warning", "%s", blas_warning());
}

static err finish(void *who, struct store *f)
{
  return evaluation_tables(attribute_unit_evaluation(who), f);
}

/** The tables of a complete study. */
static err write_csv(const struct setup *s, const struct options *o, const struct study_result *r)
{
  const char *path = options_text(o, "csv");
  err e = ERR_OK;
  if (s->evaluation && path && !r->pending && comm_rank() == 0)
    e = evaluation_csv(s->evaluation, options_text(o, "out"), path);
  return comm_agree(e);
}

/** What the option `evaluate` asks for. */
static err choose_evaluation(struct setup *s, const struct options *o, struct evaluation *e)
{
  struct pool *pool = pool_make();
  const char **variable =
      pool ? pool_take(pool, (size_t)s->plan->n_places, sizeof *variable) : NULL;
  int n = 0;
  const char *const *names = options_list(o, "evaluate", &n);
  err x = variable ? ERR_OK : FAIL(ERR_MEMORY, "no memory for layers");
  if (!x) attribute_maps_names(pool, s->plan, variable);
  if (!x) x = evaluation_of_setup(e, s, variable, o);
  if (!x) x = evaluation_options(e, o, names, n);
  pool_free(&pool);
  if (x) return err_trace(x, __FILE__, __LINE__);
  CHECK(!s->n_shards, ERR_USAGE,
        "--evaluate: tables are of whole studies; evaluate the file that retrograd merge makes");
  s->evaluation = e;
  return ERR_OK;
}

static err compute(const struct setup *s, const struct attribute_schema *a, const struct options *o,
                   int *exit_code)
{
  struct attribute_unit *unit = NULL;
  struct study_result result = {0};
  TRY(comm_agree(attribute_unit_make(s, a, &unit)));
  struct study study = {.job = "attribute",
                        .schema = attribute_schema_of(a),
                        .n_samples = s->count,
                        .unit = s->unit,
                        .who = unit,
                        .begin = attribute_unit_begin,
                        .compute = attribute_unit_compute,
                        .finish = s->evaluation ? finish : NULL,
                        .account = attribute_unit_account};
  const err e = start_study(&study, o, &result, exit_code);
  attribute_unit_free(&unit);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return write_csv(s, o, &result);
}

static err with_setup(struct setup *s, const struct options *o, struct evaluation *evaluation,
                      int *exit_code)
{
  struct attribute_schema *a = NULL;
  const bool dry = options_flag(o, "dry-run");
  CHECK(dry || options_text(o, "out"), ERR_USAGE, "where to? give --out FILE.h5");
  if (!dry) TRY(setup_tasks(o));
  if (!dry) comm_catch_signals(); /* a warning that comes early stops at the first unit */
  TRY(comm_agree(setup_model(s, o)));
  TRY(setup_ranks(s));
  if (!dry) TRY(setup_weights(s));
  TRY(setup_data(s, o));
  TRY(setup_averages(s, o));
  TRY(setup_plan(s, o));
  TRY(comm_agree(setup_shard(s, o)));
  if (options_given(o, "evaluate")) TRY(comm_agree(choose_evaluation(s, o, evaluation)));
  announce(s, o);
  TRY(comm_agree(attribute_schema_make(s, o, &a)));
  const err e = dry ? attribute_dry(s, o, a) : compute(s, a, o, exit_code);
  attribute_schema_free(&a);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  struct setup s = {0};
  struct evaluation evaluation = {0};
  if (options_flag(o, "log-json")) comm_report_json();
  blas_single_thread();
  const err e = with_setup(&s, o, &evaluation, exit_code);
  evaluation_free(&evaluation);
  setup_free(&s);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_attribute = {
    .name = "attribute",
    .summary = "compute saliency maps of a data set: all methods at all layers",
    .usage = "retrograd attribute --model M.onnx --data D --out S.h5 [options]\n"
             "  mpirun -n 4 retrograd attribute ...",
    .about = "One forward pass per unit of samples and one backward pass per rule and target feed "
             "every method at every layer.  The file is the same, byte for byte, for any number of "
             "ranks and after any number of restarts: start the same command again to continue a "
             "study that was stopped or killed.",
    .parallel = true,
    .options = options,
    .run = run,
};
