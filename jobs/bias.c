/** @file
 *  The job of input bias: do maps of the input depend on what colour a pixel has? */
#include "core/blas.h"
#include "core/nearest.h"
#include "jobs/bias_dry.h"
#include "jobs/bias_plan.h"
#include "jobs/bias_schema.h"
#include "jobs/bias_unit.h"
#include "jobs/job.h"
#include "jobs/start.h"
#include "jobs/summary.h"
#include "pipeline/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
    SETUP_MODEL_OPTIONS,
    SETUP_LIMITS_OPTION,
    SETUP_DATA_OPTIONS,
    {"methods", OPTION_LIST, ROLE_SETTING, "LIST",
     "gradient_sum,input_x_gradient,guided/bias/sum,guided/scaling/sum,rectgrad_no_bias,rectgrad",
     "Methods with maps of the input, see retrograd methods."},
    SETUP_AVERAGE_OPTIONS,
    SETUP_LAYERS_OPTION("input"),
    SETUP_UNIT_OPTIONS,
    {"reference", OPTION_TEXT, ROLE_SETTING, "METHOD", NULL,
     "Whose map says which region of an image is most relevant; default: the first method."},
    {"region", OPTION_REAL, ROLE_SETTING, "X", "0.1", "Share of the pixels in that region."},
    {"resamples", OPTION_INT, ROLE_SETTING, "N", "10000", "Of the bootstrap for intervals."},
    START_OPTIONS,
    {"dry-run", OPTION_FLAG, ROLE_RUN, NULL, "false",
     "Print the plan (passes, memory, bytes, time) and leave no file."},
    {0},
};

static err read(struct bias *b, const struct options *o)
{
  const int64_t resamples = options_int(o, "resamples");
  b->region = options_real(o, "region");
  b->resamples = (int)resamples;
  CHECK(b->region > 0.0 && b->region < 1.0, ERR_USAGE, "--region: give a share between 0 and 1");
  CHECK(resamples >= 1 && resamples < 1 << 24, ERR_USAGE, "--resamples: give 1 to 16777215");
  CHECK(options_text(o, "out") || options_flag(o, "dry-run"), ERR_USAGE,
        "where to? give --out FILE.h5");
  return ERR_OK;
}

/** The plan is of the input alone, with one target. */
static err check(struct bias *b, const struct options *o)
{
  const struct plan *p = b->setup.plan;
  const char *wanted = options_text(o, "reference");
  CHECK(p->n_taps == 1 && p->taps[0].tap == 0, ERR_USAGE,
        "--layers: input bias is of maps of the input; leave the option out");
  CHECK(b->setup.n_targets == 1, ERR_USAGE, "--targets: give one");
  b->reference = wanted ? -1 : 0;
  for (int m = 0; wanted && m < p->taps[0].n_methods; m++)
    if (!strcmp(p->methods[p->taps[0].methods[m]].given, wanted)) b->reference = m;
  CHECK(b->reference >= 0, ERR_USAGE, "--reference %s: give one of --methods", wanted);
  return ERR_OK;
}

static err write_summaries(const struct bias *b, struct store *f)
{
  TRY(summary_write(f, "bias/value", "bias/summary", b->resamples, b->setup.seed));
  TRY(summary_write(f, "bias/curve", "bias/curves", b->resamples, b->setup.seed));
  return store_sync(f);
}

/** Statistics of a complete file, by rank 0.  Collective. */
static err finish(const struct bias *b, const struct options *o)
{
  struct store *f = NULL;
  TRY(comm_agree(store_open(options_text(o, "out"), comm_world(), &f)));
  const err e = comm_rank() == 0 ? write_summaries(b, f) : ERR_OK;
  store_close(&f);
  TRY(comm_agree(e));
  return ERR_OK;
}

static err compute(const struct bias *b, const struct attribute_schema *a, const struct options *o,
                   int *exit_code)
{
  struct bias_unit *unit = NULL;
  struct study_result result = {0};
  TRY(comm_agree(bias_unit_make(b, &unit)));
  struct study study = {.job = "bias",
                        .schema = attribute_schema_of(a),
                        .n_samples = b->setup.count,
                        .unit = b->setup.unit,
                        .who = unit,
                        .begin = bias_unit_begin,
                        .compute = bias_unit_compute,
                        .account = bias_unit_account};
  err e = start_study(&study, o, &result, exit_code);
  bias_unit_free(&unit);
  if (!e && !result.pending) e = finish(b, o);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err with_bias(struct bias *b, const struct options *o, int *exit_code)
{
  struct attribute_schema *a = NULL;
  TRY(comm_agree(read(b, o)));
  TRY(setup_tasks(o));
  comm_catch_signals();
  TRY(comm_agree(setup_model(&b->setup, o)));
  TRY(setup_ranks(&b->setup));
  TRY(setup_weights(&b->setup));
  TRY(setup_data(&b->setup, o));
  TRY(setup_averages(&b->setup, o));
  b->setup.layers_only = true;
  TRY(setup_plan(&b->setup, o));
  TRY(comm_agree(check(b, o)));
  TRY(comm_agree(bias_schema_make(b, o, &a)));
  const err e = options_flag(o, "dry-run") ? bias_dry(b, attribute_schema_of(a))
                                           : compute(b, a, o, exit_code);
  attribute_schema_free(&a);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  struct bias b = {0};
  if (options_flag(o, "log-json")) comm_report_json();
  blas_single_thread();
  const err e = with_bias(&b, o, exit_code);
  setup_free(&b.setup);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_bias = {
    .name = "bias",
    .summary = "measure how maps of the input depend on pixel values",
    .usage = "retrograd bias --model M.onnx --data D --out B.h5 [options]\n"
             "  mpirun -n 4 retrograd bias ...",
    .about =
        "A map that is multiplied by the input is 0 where the input is 0: pixels of one colour are "
        "never relevant, whatever the network does with them.  Measured: maps against pixel "
        "values; "
        "against maps of the inverted image; against those of the same network with pixels in "
        "other "
        "ranges; and in the most relevant region painted with the blind colour.",
    .parallel = true,
    .options = options,
    .run = run,
};
