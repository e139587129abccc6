/** @file
 *  Activations and signals of one sample as numpy arrays: what maps are made from, for checking a
 *  method against its formula, or for a method of one's own. */
#include "core/blas.h"
#include "core/tape.h"
#include "core/tape_extract.h"
#include "io/npz.h"
#include "jobs/attribute_maps.h"
#include "jobs/job.h"
#include "jobs/pool.h"
#include "jobs/setup.h"
#include "pipeline/prefetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
    SETUP_MODEL_OPTIONS,
    SETUP_LIMITS_OPTION,
    SETUP_DATA_OPTIONS,
    SETUP_PLAN_OPTIONS,
    {"rules", OPTION_LIST, ROLE_SETTING, "LIST", "gradient",
     "How the signal is carried back: rules, maybe with parameters; see retrograd methods."},
    {"sample", OPTION_INT, ROLE_SETTING, "I", "0", "Index of the sample, from 0."},
    {"out", OPTION_TEXT, ROLE_RUN, "FILE", NULL, "The .npz file to write."},
    {0},
};

/** One dump under way. */
struct dump {
  struct setup setup;
  struct pool *pool;
  struct tape *tape;
  struct npz *npz;
  const char **variables; /* [n plan taps] */
  const char *slot;       /* of the backward pass under way */
  int b;                  /* the sample's place in its unit */
  err failed;             /* first failure inside a pass */
};

/** Copy one sample out of the stored layout into [C, H, W] and add it; x: activation or signal. */
static err add_tensor(struct dump *d, const char *name, const struct tape_tap *seen, const float *x)
{
  const struct plan_tap *t = &d->setup.plan->taps[seen->tap];
  const int64_t positions = (int64_t)t->height * t->width;
  float *copy = pool_take(d->pool, (size_t)(t->channels * positions), sizeof *copy);
  CHECK(copy, ERR_MEMORY, "no memory for %s", name);
  for (int k = 0; k < t->channels; k++) {
    memcpy(copy + k * positions, x + (k * (int64_t)seen->samples + d->b - seen->first) * positions,
           (size_t)positions * sizeof *copy);
  }
  const struct npy_array a = {
      .type = NPY_F32, .n_dims = 3, .dims = {t->channels, t->height, t->width}, .data = copy};
  TRY(npz_add(d->npz, name, &a));
  return ERR_OK;
}

static void see(void *who, const struct tape_tap *t)
{
  struct dump *d = who;
  const char *variable = d->variables[t->tap];
  if (d->failed || d->b < t->first || d->b >= t->first + t->samples) return;
  if (t->pass == t->plan->passes && d->slot == d->setup.targets[0].name)
    d->failed = add_tensor(d, pool_text(d->pool, "activation/%s", variable), t, t->a);
  if (!d->failed) {
    d->failed = add_tensor(
        d, pool_text(d->pool, "signal/%s/%s/%s", t->pass->rule.with.text, d->slot, variable), t,
        t->g);
  }
}

/** Every backward pass of the unit, watched. */
static err backward(struct dump *d, const struct sample *sample)
{
  const struct setup *s = &d->setup;
  const int classes = s->graph->classes;
  float *logits = pool_take(d->pool, (size_t)classes, sizeof *logits);
  int32_t *target = pool_take(d->pool, (size_t)s->n_targets, sizeof *target);
  int *seeds = pool_take(d->pool, (size_t)s->unit, sizeof *seeds);
  CHECK(logits && target && seeds, ERR_MEMORY, "no memory for %d classes", classes);
  for (int c = 0; c < classes; c++) logits[c] = tape_logits(d->tape)[(int64_t)c * s->unit + d->b];
  for (int t = 0; t < s->n_targets; t++) {
    target[t] = target_class(&s->targets[t], sample, logits, classes, 1);
    for (int b = 0; b < s->unit; b++) seeds[b] = b == d->b ? target[t] : -1;
    d->slot = s->targets[t].name;
    for (int p = 0; p < s->plan->n_passes; p++) tape_backward(d->tape, p, t, seeds);
    TRY(d->failed);
  }
  TRY(npz_add(
      d->npz, "logits",
      &(struct npy_array){.type = NPY_F32, .n_dims = 1, .dims = {classes}, .data = logits}));
  TRY(npz_add(
      d->npz, "target_class",
      &(struct npy_array){.type = NPY_I32, .n_dims = 1, .dims = {s->n_targets}, .data = target}));
  return ERR_OK;
}

/** Load the unit that holds the sample, as attribute would, and go forward. */
static err forward(struct dump *d, int64_t sample)
{
  const struct setup *s = &d->setup;
  struct prefetch *prefetch = NULL;
  struct prefetch_slot *slots = pool_take(d->pool, (size_t)s->unit, sizeof *slots);
  CHECK(slots, ERR_MEMORY, "no memory for a unit of %d samples", s->unit);
  TRY(prefetch_make(s->data, &s->recipe, s->unit, &prefetch));
  const int64_t first = sample / s->unit * s->unit, left = dataset_count(s->data) - first;
  prefetch_start(prefetch, first, left < s->unit ? (int)left : s->unit);
  prefetch_wait(prefetch, tape_input(d->tape), slots);
  prefetch_free(&prefetch);
  d->b = (int)(sample - first);
  CHECK(slots[d->b].status == SAMPLE_DONE, ERR_INPUT, "sample %lld: %s", (long long)sample,
        slots[d->b].reason);
  tape_forward(d->tape);
  return ERR_OK;
}

/** The methods that make a plan with these rules keep every activation. */
static err plan(struct dump *d, const struct options *o)
{
  int n = 0;
  const char *const *rules = options_list(o, "rules", &n);
  const char **methods = pool_take(d->pool, (size_t)n + 1, sizeof *methods);
  CHECK(methods, ERR_MEMORY, "no memory for %d rules", n);
  for (int i = 0; i < n; i++) methods[i] = pool_text(d->pool, "%s/conv1x1/norm", rules[i]);
  TRY(setup_plan_of(&d->setup, o, methods, n));
  d->variables = pool_take(d->pool, (size_t)d->setup.plan->n_places, sizeof *d->variables);
  CHECK(d->variables, ERR_MEMORY, "no memory for %d layers", d->setup.plan->n_taps);
  attribute_maps_names(d->pool, d->setup.plan, d->variables);
  return ERR_OK;
}

static err dump(struct dump *d, const struct options *o)
{
  struct setup *s = &d->setup;
  const int64_t sample = options_int(o, "sample");
  CHECK(options_text(o, "out"), ERR_USAGE, "where to? give --out FILE.npz");
  d->pool = pool_make();
  CHECK(d->pool, ERR_MEMORY, "no memory");
  TRY(setup_model(s, o));
  TRY(setup_data(s, o));
  TRY(plan(d, o));
  CHECK(sample >= 0 && sample < dataset_count(s->data), ERR_USAGE,
        "--sample %lld: the data set has samples 0 to %lld", (long long)sample,
        (long long)dataset_count(s->data) - 1);
  TRY(tape_make(s->plan, &d->tape));
  tape_set_watch(d->tape, (struct tape_watch){.who = d, .see = see});
  TRY(npz_open(options_text(o, "out"), &d->npz));
  TRY(forward(d, sample));
  const struct sample is = dataset_sample(s->data, sample);
  TRY(backward(d, &is));
  CHECK(!pool_failed(d->pool), ERR_MEMORY, "no memory for the arrays");
  TRY(npz_close(&d->npz));
  (void)printf("%s: activations and signals of sample %lld (%s) at %d layers\n",
               options_text(o, "out"), (long long)sample, is.path, s->plan->n_taps);
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  struct dump d = {0};
  *exit_code = EXIT_DONE;
  blas_single_thread();
  const err e = dump(&d, o);
  npz_discard(&d.npz);
  tape_free(&d.tape);
  setup_free(&d.setup);
  pool_free(&d.pool);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_dump = {
    .name = "dump",
    .summary = "write activations and signals of one sample as numpy arrays (.npz)",
    .usage = "retrograd dump --model M.onnx --data D --sample I --out F.npz [options]",
    .about = "Arrays: logits [K]; target_class [T]; activation/TAP [C, H, W]; "
             "signal/RULE/TARGET/TAP [C, H, W], the signal that the rule delivers at the tap.  The "
             "sample is computed in the same unit as by `attribute`, so the numbers are the same.",
    .options = options,
    .run = run,
};
