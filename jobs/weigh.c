/** @file
 *  Job `weigh`: weights of layers for methods over a set of layers, measured over a data set. */
#include "core/blas.h"
#include "core/ridge.h"
#include "core/select.h"
#include "core/tape.h"
#include "core/tape_extract.h"
#include "io/image.h"
#include "jobs/job.h"
#include "jobs/setup.h"
#include "jobs/weigh_measure.h"
#include "pipeline/prefetch.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
    SETUP_MODEL_OPTIONS,
    SETUP_LIMITS_OPTION,
    SETUP_DATA_OPTIONS,
    {"layers", OPTION_LIST, ROLE_SETTING, "LIST", "convs",
     "The layers: names, globs, operator types, indices, all, convs, input, last, last_conv."},
    {"method", OPTION_TEXT, ROLE_SETTING, "NAME", "normgrad",
     "The method whose pointing accuracy is measured, where the data set has boxes."},
    {"unit", OPTION_INT, ROLE_SETTING, "N", "0",
     "Samples computed together; 0: chosen from the model."},
    {"out", OPTION_TEXT, ROLE_RUN, "FILE", NULL,
     "The JSON file to write, for --combination-weights."},
    {0},
};

static const double penalty = 1e-3;

struct weigh {
  struct setup setup;
  struct weigh_layer *layer; /* [n_layers] */
  int n_layers;
  struct plan *plan;
  struct tape *tape;
  struct prefetch_slot *slots; /* [unit] */
  int64_t first, done;         /* sample of the unit; samples measured so far */
  int *label;                  /* [samples] of those measured */
  double *mean;                /* [most channels] */
  float *up;                   /* [positions of the input] */
};

static void release(struct weigh *w)
{
  for (int i = 0; w->layer && i < w->n_layers; i++) free(w->layer[i].features);
  free(w->layer);
  tape_free(&w->tape);
  plan_free(&w->plan);
  free(w->slots);
  free(w->label);
  free(w->mean);
  free(w->up);
  setup_free(&w->setup);
}

/** The tap of what makes a tap reads first; -1: nothing. */
static int tap_before(const struct graph *g, int tap)
{
  const int producer = g->values[g->taps[tap]].producer;
  for (int k = 0; producer >= 0 && k < g->nodes[producer].n_in; k++) {
    const int v = g->nodes[producer].in[k];
    if (v >= 0 && g->values[v].tap >= 0) return g->values[v].tap;
  }
  return -1;
}

/** wanted [n_taps][2]: the map that points, and a cell that keeps activations, at every layer and before. */
static err make_plan(struct weigh *w, const struct options *o, const bool *chosen, bool *wanted)
{
  const struct setup *s = &w->setup;
  const char *const names[] = {options_text(o, "method"), "gradient/scaling/norm"};
  struct method *m = NULL;
  int n = 0;
  TRY(method_expand(names, 2, &m, &n));
  const bool fine =
      n == 2 && !m[0].combination.combination && !m[0].meta.on && !m[0].average.average;
  for (int t = 0; t < s->graph->n_taps && fine; t++) {
    const int before = tap_before(s->graph, t);
    if (!chosen[t]) continue;
    wanted[2 * (size_t)t] = plan_lives_at(s->graph, &m[0], t);
    wanted[2 * (size_t)t + 1] = true;
    if (before >= 0) wanted[2 * (size_t)before + 1] = true;
  }
  const struct plan_request r = {.graph = s->graph,
                                 .batch = s->unit,
                                 .n_targets = 1,
                                 .n_methods = 2,
                                 .methods = m,
                                 .wanted = wanted,
                                 .input_low = s->low,
                                 .input_high = s->high};
  const err e = fine ? plan_make(&r, &w->plan)
                     : FAIL(ERR_USAGE,
                            "--method %s: one method at a layer is wanted, without average, "
                            "combination or step",
                            names[0]);
  free(m);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** What is kept of every layer. */
static err make_layers(struct weigh *w, const bool *chosen)
{
  const struct graph *g = w->setup.graph;
  const struct plan *p = w->plan;
  const size_t n = (size_t)dataset_count(w->setup.data);
  int most = 1;
  w->layer = calloc((size_t)p->n_taps + 1, sizeof *w->layer);
  CHECK(w->layer, ERR_MEMORY, "no memory for %d layers", p->n_taps);
  for (int t = 0; t < p->n_taps; t++) {
    most = p->taps[t].channels > most ? p->taps[t].channels : most;
    if (!chosen[p->taps[t].tap]) continue;
    const int before = tap_before(g, p->taps[t].tap);
    struct weigh_layer *l = &w->layer[w->n_layers++];
    l->tap = t;
    l->in = before < 0 ? -1 : p->tap_of_value[g->taps[before]];
    l->features = calloc(n * (size_t)p->taps[t].channels, sizeof *l->features);
    CHECK(l->features, ERR_MEMORY, "no memory for features of %zu samples", n);
  }
  const struct shape *x = &g->values[g->input].is.shape;
  w->mean = calloc((size_t)most, sizeof *w->mean);
  w->up = calloc((size_t)shape_inner(x), sizeof *w->up);
  w->label = calloc(n, sizeof *w->label);
  w->slots = calloc((size_t)w->setup.unit, sizeof *w->slots);
  CHECK(w->mean && w->up && w->label && w->slots, ERR_MEMORY, "no memory for a unit");
  return ERR_OK;
}

/** A sample counts: its image is there, and it has a label. */
static bool counts(const struct weigh *w, int b)
{
  const struct sample s = dataset_sample(w->setup.data, w->first + b);
  return w->slots[b].status == SAMPLE_DONE && s.label >= 0;
}

/** What layer i has of one sample at a tap: activations a, as number k of those measured. */
static void take(struct weigh *w, struct weigh_layer *l, const struct tape_tap *at, const real *a,
                 int64_t k)
{
  const struct plan_tap *t = &w->plan->taps[at->tap];
  const int64_t n = (int64_t)t->height * t->width, stride = n * at->samples;
  if (l->in == at->tap) l->spread[1] += weigh_spread(a, t->channels, stride, n, w->mean);
  if (l->tap != at->tap) return;
  l->spread[0] += weigh_spread(a, t->channels, stride, n, w->mean);
  weigh_features(a, t->channels, stride, n, l->features + k * t->channels);
}

/** The activations of a tap, sample by sample, once. */
static void see(void *who, const struct tape_tap *at)
{
  struct weigh *w = who;
  const struct plan_tap *t = &w->plan->taps[at->tap];
  const int64_t n = (int64_t)t->height * t->width;
  const int64_t left = dataset_count(w->setup.data) - w->first;
  int64_t k = w->done;
  if (!at->a || at->pass->rule.rule != rule_find("gradient")) return;
  for (int b = 0; b < at->first && b < left; b++) k += counts(w, b);
  for (int b = 0; b < at->samples && at->first + b < left; b++) {
    if (!counts(w, at->first + b)) continue;
    for (int i = 0; i < w->n_layers; i++) take(w, &w->layer[i], at, at->a + b * n, k);
    k++;
  }
}

/** Whether the maps of sample b point into its box. */
static void point(struct weigh *w, int b)
{
  const struct sample s = dataset_sample(w->setup.data, w->first + b);
  const struct recipe *r = &w->setup.recipe;
  double box[4];
  if (!s.has_box) return;
  image_fit_box(r, w->slots[b].size, s.box, box);
  for (int i = 0; i < w->n_layers; i++) {
    const struct plan_tap *t = &w->plan->taps[w->layer[i].tap];
    const float *row =
        tape_rows(w->tape, w->layer[i].tap) + (int64_t)b * t->n_methods * t->height * t->width;
    if (t->methods[0] != 0 || t->height * t->width < 2) continue;
    w->layer[i].boxes++;
    w->layer[i].hits += weigh_hits(row, t, r->height, r->width, box, w->up);
  }
}

static err measure(struct weigh *w)
{
  const struct setup *s = &w->setup;
  const int64_t count = dataset_count(s->data);
  struct prefetch *ahead = NULL;
  int *class = calloc((size_t)s->unit, sizeof *class);
  err e = class ? prefetch_make(s->data, &s->recipe, s->unit, &ahead)
                : FAIL(ERR_MEMORY, "no memory for a unit");
  for (w->first = 0; !e && w->first < count; w->first += s->unit) {
    const int n = count - w->first < s->unit ? (int)(count - w->first) : s->unit;
    prefetch_start(ahead, w->first, n);
    prefetch_wait(ahead, tape_input(w->tape), w->slots);
    tape_forward(w->tape);
    for (int b = 0; b < s->unit; b++)
      class[b] = b < n && counts(w, b) ? dataset_sample(s->data, w->first + b).label : -1;
    tape_backward_all(w->tape, class, w->first);
    for (int b = 0; b < n; b++) {
      if (class[b] < 0) continue;
      point(w, b);
      w->label[w->done++] = class[b];
    }
  }
  prefetch_free(&ahead);
  free(class);
  return e;
}

/** half [samples]: of the samples of each class the first, third, ... are 0, to learn from, the others 1. */
static void split(const struct weigh *w, int *seen, int *half)
{
  for (int64_t i = 0; i < w->done; i++) half[i] = seen[w->label[i]]++ % 2;
}

/** Learned from every other sample of a class, tested on the rest; NaN where no class has two. */
static err accuracy_of(const struct weigh *w, const struct weigh_layer *l, double *accuracy)
{
  const int f = w->plan->taps[l->tap].channels, classes = w->setup.graph->classes;
  const size_t n = (size_t)w->done;
  double *x = calloc(2 * n * (size_t)f, sizeof *x);
  int *label = calloc(3 * n + (size_t)classes, sizeof *label);
  if (!x || !label) {
    free(x);
    free(label);
    return FAIL(ERR_MEMORY, "no memory for features");
  }
  int *half = label + 2 * n;
  err e = ERR_OK;
  struct ridge_data part[2];
  for (int k = 0; k < 2; k++) {
    part[k] = (struct ridge_data){.features = f,
                                  .classes = classes,
                                  .x = x + (size_t)k * n * (size_t)f,
                                  .label = label + (size_t)k * n};
  }
  split(w, half + n, half);
  for (int64_t i = 0; i < w->done; i++) {
    struct ridge_data *to = &part[half[i]];
    const int64_t at = half[i] * w->done + to->n++;
    memcpy(x + at * f, l->features + i * f, (size_t)f * sizeof *x);
    label[at] = w->label[i];
  }
  *accuracy = (double)NAN;
  if (part[1].n) e = ridge_accuracy(&part[0], &part[1], penalty, accuracy);
  free(x);
  free(label);
  return e;
}

static void put(json_t *weights, enum layer_weights kind, const char *layer, double value)
{
  json_t *of = json_object_get(weights, layer_weights_name[kind]);
  if (!of) {
    of = json_object();
    (void)json_object_set_new(weights, layer_weights_name[kind], of);
  }
  (void)json_object_set_new(of, layer, json_real(value));
}

static err add_layer(const struct weigh *w, const struct weigh_layer *l, json_t *weights)
{
  const char *name = w->plan->graph->values[w->plan->taps[l->tap].value].name;
  double accuracy = 0.0;
  TRY(accuracy_of(w, l, &accuracy));
  put(weights, LAYER_WEIGHTS_activation, name, l->spread[0] / (double)w->done);
  if (l->in >= 0) put(weights, LAYER_WEIGHTS_activation_in, name, l->spread[1] / (double)w->done);
  if (isfinite(accuracy)) put(weights, LAYER_WEIGHTS_accuracy, name, accuracy);
  if (l->boxes)
    put(weights, LAYER_WEIGHTS_pointing_accuracy, name, (double)l->hits / (double)l->boxes);
  return ERR_OK;
}

static json_t *record(const struct weigh *w, const struct options *o)
{
  const struct setup *s = &w->setup;
  return json_pack("{s:s, s:s, s:s, s:I, s:s, s:f}", "software", "retrograd", "model_sha256",
                   s->model_sha256, "data_sha256", dataset_sha256(s->data), "samples",
                   (json_int_t)w->done, "method", options_text(o, "method"), "penalty", penalty);
}

static err write_file(const struct weigh *w, const struct options *o)
{
  const char *path = options_text(o, "out");
  json_t *root = record(w, o), *weights = json_object();
  err e = root && weights ? ERR_OK : FAIL(ERR_MEMORY, "no memory for weights");
  for (int i = 0; i < w->n_layers && !e; i++) e = add_layer(w, &w->layer[i], weights);
  if (!e) (void)json_object_set(root, "weights", weights);
  if (!e && json_dump_file(root, path, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(17)))
    e = FAIL(ERR_IO, "cannot write %s", path);
  json_decref(root);
  json_decref(weights);
  if (e) return err_trace(e, __FILE__, __LINE__);
  (void)printf("%s: weights of %d layers over %lld samples\n", path, w->n_layers,
               (long long)w->done);
  return ERR_OK;
}

static err prepare(struct weigh *w, const struct options *o)
{
  struct setup *s = &w->setup;
  int n = 0;
  const char *const *patterns = options_list(o, "layers", &n);
  TRY(options_need(o, "out"));
  TRY(setup_model(s, o));
  TRY(setup_data(s, o));
  const int64_t unit = options_int(o, "unit");
  CHECK(unit >= 0 && unit <= 4096, ERR_USAGE, "--unit %lld: give 1 to 4096 samples, or 0",
        (long long)unit);
  s->unit = unit ? (int)unit : plan_unit_size(s->graph);
  bool *chosen = calloc(3 * (size_t)s->graph->n_taps, sizeof *chosen);
  CHECK(chosen, ERR_MEMORY, "no memory for %d layers", s->graph->n_taps);
  err e = select_taps(s->graph, patterns, n, chosen);
  if (!e) e = make_plan(w, o, chosen, chosen + s->graph->n_taps);
  if (!e) e = make_layers(w, chosen);
  free(chosen);
  if (e) return err_trace(e, __FILE__, __LINE__);
  TRY(tape_make(w->plan, &w->tape));
  tape_set_watch(w->tape, (struct tape_watch){.who = w, .see = see});
  return ERR_OK;
}

static err weigh(struct weigh *w, const struct options *o)
{
  TRY(prepare(w, o));
  TRY(measure(w));
  CHECK(w->done >= 4, ERR_USAGE, "%lld samples have an image and a label: 4 at least are wanted",
        (long long)w->done);
  return write_file(w, o);
}

static err run(const struct options *o, int *exit_code)
{
  struct weigh w = {0};
  *exit_code = EXIT_DONE;
  blas_single_thread();
  const err e = weigh(&w, o);
  release(&w);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_weigh = {
    .name = "weigh",
    .summary = "measure weights of layers for methods over a set of layers",
    .usage = "retrograd weigh --model M.onnx --data D --layers LIST --out W.json\n"
             "  retrograd attribute ... --methods 'layers_sum(weights=accuracy)' "
             "--combination-weights W.json",
    .about = "Over the labelled samples of a data set, for each layer.  activation: feature "
             "spread, the mean over positions "
             "of |f_u - mean f|, f_u the feature vector at u over its length.  activation_in: the "
             "same of what the layer "
             "reads.  accuracy: of a linear classifier of the features' means over positions, "
             "least squares "
             "with a penalty, learned from every other sample of a class and tested on the rest.  "
             "pointing_accuracy: how often "
             "the maximum of --method's map at the layer, enlarged to the input, lies in the "
             "sample's box.  These are the "
             "program's definitions: the paper's code has numbers, not how they were made.",
    .options = options,
    .run = run,
};
