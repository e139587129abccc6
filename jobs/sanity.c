/** @file
 *  The job of sanity checks: how much of a map depends on what the network has learned. */
#include "core/blas.h"
#include "jobs/job.h"
#include "jobs/sanity_dry.h"
#include "jobs/sanity_plan.h"
#include "jobs/sanity_schema.h"
#include "jobs/sanity_unit.h"
#include "jobs/start.h"
#include "jobs/summary.h"
#include "pipeline/comm.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option options[] = {
    SETUP_MODEL_OPTIONS,
    SETUP_LIMITS_OPTION,
    SETUP_DATA_OPTIONS,
    SETUP_METHOD_OPTIONS,
    SETUP_AVERAGE_OPTIONS,
    SETUP_PLAN_OPTIONS,
    SANITY_OPTIONS,
    START_OPTIONS,
    {"dry-run", OPTION_FLAG, ROLE_RUN, NULL, "false",
     "Print the plan (stages, networks, passes, memory, bytes, time) and leave no file."},
    {0},
};

/** Every tap's statistics, and those of convergence. */
static err write_summaries(const struct sanity *s, const struct attribute_schema *a,
                           const struct options *o, struct store *f)
{
  const int resamples = (int)options_int(o, "resamples");
  for (int t = 0; t < s->setup.plan->n_places; t++) {
    char from[1024], to[1024];
    (void)snprintf(from, sizeof from, "similarity/%s", attribute_schema_variable(a, t));
    (void)snprintf(to, sizeof to, "summary/%s", attribute_schema_variable(a, t));
    TRY(summary_write(f, from, to, resamples, s->setup.seed));
  }
  if (s->n_starts)
    TRY(summary_write(f, "convergence/cosine", "convergence/summary", resamples, s->setup.seed));
  return store_sync(f);
}

/** Statistics of a complete file, by rank 0.  Collective. */
static err finish(const struct sanity *s, const struct attribute_schema *a, const struct options *o)
{
  struct store *f = NULL;
  TRY(comm_agree(store_open(options_text(o, "out"), comm_world(), &f)));
  const err e = comm_rank() == 0 ? write_summaries(s, a, o, f) : ERR_OK;
  store_close(&f);
  TRY(comm_agree(e));
  return ERR_OK;
}

static err compute(const struct sanity *s, const struct attribute_schema *a,
                   const struct options *o, int *exit_code)
{
  struct sanity_unit *unit = NULL;
  struct study_result result = {0};
  TRY(comm_agree(sanity_unit_make(s, a, &unit)));
  struct study study = {.job = "sanity",
                        .schema = attribute_schema_of(a),
                        .n_samples = s->setup.count,
                        .unit = s->setup.unit,
                        .who = unit,
                        .begin = sanity_unit_begin,
                        .compute = sanity_unit_compute,
                        .account = sanity_unit_account};
  err e = start_study(&study, o, &result, exit_code);
  sanity_unit_free(&unit);
  if (!e && !result.pending) e = finish(s, a, o);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err prepare(struct sanity *s, const struct options *o, bool dry)
{
  TRY(comm_agree(sanity_read(s, o)));
  if (!dry) TRY(setup_tasks(o));
  if (!dry) comm_catch_signals();
  TRY(comm_agree(setup_model(&s->setup, o)));
  TRY(setup_ranks(&s->setup));
  TRY(setup_weights(&s->setup));
  TRY(setup_data(&s->setup, o));
  TRY(setup_averages(&s->setup, o));
  TRY(comm_agree(sanity_stages(s, o)));
  s->setup.layers_only = true;
  TRY(setup_plan(&s->setup, o));
  TRY(sanity_networks(s, o));
  return ERR_OK;
}

static err with_sanity(struct sanity *s, const struct options *o, int *exit_code)
{
  struct attribute_schema *a = NULL;
  const bool dry = options_flag(o, "dry-run");
  CHECK(dry || options_text(o, "out"), ERR_USAGE, "where to? give --out FILE.h5");
  TRY(prepare(s, o, dry));
  TRY(comm_agree(sanity_schema_make(s, o, &a)));
  const err e = dry ? sanity_dry(s, a) : compute(s, a, o, exit_code);
  attribute_schema_free(&a);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  struct sanity s = {0};
  if (options_flag(o, "log-json")) comm_report_json();
  blas_single_thread();
  const err e = with_sanity(&s, o, exit_code);
  sanity_free(&s);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_sanity = {
    .name = "sanity",
    .summary = "compare maps of a network with those of networks with random weights",
    .usage = "retrograd sanity --model M.onnx --data D --out N.h5 [options]\n"
             "  mpirun -n 4 retrograd sanity ...",
    .about =
        "Parameter randomisation: the weights of one stage after the other, from the logits back, "
        "are replaced by fresh ones, and every map is compared with that of the trained network.  "
        "A map that stays alike says little about what the network has learned.  Values of every "
        "sample are in the file, and their means with intervals.  The file is the same for any "
        "number of ranks and restarts.",
    .parallel = true,
    .options = options,
    .run = run,
};
