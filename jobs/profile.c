/** @file
 *  Job `profile`: time, operations and bytes of every node, forward and back. */
#include "jobs/profile.h"

#include "core/blas.h"
#include "core/product.h"
#include "core/tape.h"
#include "jobs/job.h"
#include "jobs/setup.h"
#include "pipeline/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct option options[] = {
    SETUP_MODEL_OPTIONS,
    SETUP_LIMITS_OPTION,
    SETUP_METHOD_OPTIONS,
    SETUP_PLAN_OPTIONS,
    {"rounds", OPTION_INT, ROLE_RUN, "N", "5", "Units measured; the median of each step counts."},
    {0},
};

/** Measuring: seconds of every step of every round, and the step under way. */
struct watch {
  const struct plan *plan;
  double *seconds; /* [rounds][n_nodes + 1][PROFILE_STEPS] */
  int round, node, step;
  double began;
};

static int places(const struct plan *p)
{
  return p->graph->n_nodes + 1;
}

static double *lap(const struct watch *w, int round, int node, int step)
{
  return &w->seconds[((int64_t)round * places(w->plan) + node) * PROFILE_STEPS + step];
}

/** The step under way ends where the next one begins. */
static void step(void *who, int node, enum tape_step step)
{
  static const int steps[] = {[TAPE_FORWARD] = PROFILE_FORWARD,
                              [TAPE_EXTRACT] = PROFILE_EXTRACT,
                              [TAPE_BACKWARD] = PROFILE_BACKWARD,
                              [TAPE_END] = -1};
  struct watch *w = who;
  const double now = progress_clock();
  if (w->step >= 0) *lap(w, w->round, w->node, w->step) += now - w->began;
  w->node = node < 0 ? w->plan->graph->n_nodes : node;
  w->step = steps[step];
  w->began = now;
}

/** Numbers in [-1, 1) that are the same everywhere. */
static void fill_input(const struct plan *p, real *x)
{
  const int64_t n = shape_count(&p->graph->values[p->graph->input].is.shape) * p->batch;
  uint32_t state = 1;
  for (int64_t i = 0; i < n; i++) {
    state = state * 1664525U + 1013904223U; /* Numerical Recipes, section 7.1, "quick and dirty" */
    x[i] = (real)(state >> 8) * REAL(0x1p-23) - REAL(1.0);
  }
}

static void run_unit(struct tape *t, const struct plan *p, const int *classes)
{
  fill_input(p, tape_input(t)); /* its memory may be used again within a unit */
  tape_forward(t);
  tape_backward_all(t, classes, 0);
}

static int by_size(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/** Median over rounds of every step.  sorted [rounds] is scratch. */
static void take_medians(const struct watch *w, int rounds, double *sorted, struct profile *out)
{
  for (int i = 0; i < places(w->plan); i++) {
    for (int k = 0; k < PROFILE_STEPS; k++) {
      for (int r = 0; r < rounds; r++) sorted[r] = *lap(w, r, i, k);
      qsort(sorted, (size_t)rounds, sizeof *sorted, by_size);
      out->cost[i][k].seconds = (sorted[rounds / 2] + sorted[(rounds - 1) / 2]) / 2.0;
    }
  }
}

/** Operations per second of a large matrix product: the best of a few. */
static err measure_peak(double *peak)
{
  enum { N = 1024, TRIES = 4 };
  real *x = calloc((size_t)3 * N * N, sizeof *x);
  CHECK(x, ERR_MEMORY, "no memory for matrices");
  *peak = 0.0;
  for (int64_t i = 0; i < (int64_t)2 * N * N; i++) x[i] = REAL(1.0);
  for (int i = 0; i < TRIES; i++) {
    const double began = progress_clock();
    blas_gemm(false, false, N, N, N, x, N, x + (int64_t)N * N, N, REAL(0.0), x + (int64_t)2 * N * N,
              N);
    const double rate = 2.0 * N * N * N / (progress_clock() - began);
    if (rate > *peak) *peak = rate;
  }
  free(x);
  return ERR_OK;
}

static err measure(struct watch *w, int rounds, struct profile *out)
{
  const struct plan *p = w->plan;
  struct tape *t = NULL;
  double *sorted = calloc((size_t)rounds, sizeof *sorted);
  int *classes = calloc((size_t)p->batch * (size_t)p->n_targets, sizeof *classes);
  err e = ERR_OK;
  CHECK_DONE(sorted && classes, ERR_MEMORY, "no memory for %d rounds", rounds);
  TRY_DONE(tape_make(p, &t));
  run_unit(t, p, classes); /* touches memory, wakes the CPU; not measured */
  tape_set_watch(t, (struct tape_watch){.who = w, .step = step});
  for (w->round = 0; w->round < rounds; w->round++) run_unit(t, p, classes);
  take_medians(w, rounds, sorted, out);
done:
  tape_free(&t);
  free(sorted);
  free(classes);
  return e;
}

static err profile(struct setup *s, const struct options *o)
{
  const int64_t rounds = options_int(o, "rounds");
  err e = ERR_OK;
  CHECK(rounds >= 1 && rounds <= 1000, ERR_USAGE, "--rounds %" PRId64 ": give 1 to 1000", rounds);
  TRY(setup_graph(s, o));
  TRY(setup_plan(s, o));
  const size_t n = (size_t)places(s->plan);
  struct watch w = {.plan = s->plan, .step = -1};
  struct profile p = {.plan = s->plan};
  w.seconds = calloc((size_t)rounds * n * PROFILE_STEPS, sizeof *w.seconds);
  p.cost = calloc(n, sizeof *p.cost);
  CHECK_DONE(w.seconds && p.cost, ERR_MEMORY, "no memory for %" PRId64 " rounds", rounds);
  TRY_DONE(measure_peak(&p.peak));
  TRY_DONE(measure(&w, (int)rounds, &p));
  profile_count(&p);
  (void)printf("%s, units of %d, %d backward passes each, %s, median of %" PRId64 " rounds\n\n",
               s->model_path, s->unit, s->plan->n_backward, product_family(), rounds);
  profile_print(&p);
done:
  free(w.seconds);
  free(p.cost);
  return e;
}

static err run(const struct options *o, int *exit_code)
{
  struct setup s = {0};
  blas_single_thread();
  const err e = profile(&s, o);
  *exit_code = EXIT_DONE;
  setup_free(&s);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_profile = {
    .name = "profile",
    .summary = "time every node of a model: operator, kernel, GFLOP/s, bytes, share of time",
    .usage = "retrograd profile M.onnx [--unit B] [--methods LIST] [--layers LIST] [--rounds N]",
    .about =
        "Runs units of made-up images through the same plan as `attribute` would and prints, for "
        "every node, the time of forward, of the backward passes together (one per rule and "
        "target) and of the maps taken at its output.  GFLOP/s counts the operations of direct "
        "sums, GB/s every tensor that is read or written once.",
    .bare = "model",
    .options = options,
    .run = run,
};
