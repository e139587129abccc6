/** @file
 *  Weights of layers from what was measured of every sample, and the file that holds them. */
#include "jobs/weigh_file.h"

#include "core/ridge.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double penalty = 1e-3;

/** half [samples]: of the samples of each class the first, third, ... are 0, to learn from, the others 1. */
static void split(const struct weigh *w, int *seen, int *half)
{
  for (int64_t i = 0; i < dataset_count(w->setup.data); i++)
    if (w->label[i] >= 0) half[i] = seen[w->label[i]]++ % 2;
}

/** Learned from every other sample of a class, tested on the rest; NaN where no class has two. */
static err accuracy_of(const struct weigh *w, const struct weigh_layer *l, double *accuracy)
{
  const int f = w->plan->taps[l->tap].channels, classes = w->setup.graph->classes;
  const int64_t samples = dataset_count(w->setup.data);
  const size_t n = (size_t)samples;
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
  for (int64_t i = 0; i < samples; i++) {
    if (w->label[i] < 0) continue;
    struct ridge_data *to = &part[half[i]];
    const int64_t at = half[i] * samples + to->n++;
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

int64_t weigh_counted(const struct weigh *w)
{
  int64_t n = 0;
  for (int64_t i = 0; i < dataset_count(w->setup.data); i++) n += w->label[i] >= 0;
  return n;
}

/** Sums over samples in their order, whichever rank measured them. */
struct totals {
  double spread[2];
  int64_t hits, boxes;
};

static struct totals totals_of(const struct weigh *w, const struct weigh_layer *l)
{
  struct totals t = {{0.0, 0.0}, 0, 0};
  for (int64_t i = 0; i < dataset_count(w->setup.data); i++) {
    if (w->label[i] < 0) continue;
    for (int k = 0; k < 2; k++) t.spread[k] += l->spread[2 * i + k];
    t.boxes += l->point[i] != WEIGH_NO_BOX;
    t.hits += l->point[i] == WEIGH_HIT;
  }
  return t;
}

/** Whether there is something to classify. */
static bool has_classes(const struct weigh *w)
{
  int first = -1;
  for (int64_t i = 0; i < dataset_count(w->setup.data); i++) {
    if (first >= 0 && w->label[i] >= 0 && w->label[i] != first) return true;
    if (first < 0) first = w->label[i];
  }
  return false;
}

static err add_layer(const struct weigh *w, const struct weigh_layer *l, json_t *weights)
{
  const char *name = w->plan->graph->values[w->plan->taps[l->tap].value].name;
  const struct totals t = totals_of(w, l);
  const double n = (double)weigh_counted(w);
  double accuracy = (double)NAN;
  if (has_classes(w)) TRY(accuracy_of(w, l, &accuracy));
  put(weights, LAYER_WEIGHTS_activation, name, t.spread[0] / n);
  if (l->in >= 0) put(weights, LAYER_WEIGHTS_activation_in, name, t.spread[1] / n);
  if (isfinite(accuracy)) put(weights, LAYER_WEIGHTS_accuracy, name, accuracy);
  if (t.boxes)
    put(weights, LAYER_WEIGHTS_pointing_accuracy, name, (double)t.hits / (double)t.boxes);
  return ERR_OK;
}

static json_t *record(const struct weigh *w, const struct options *o)
{
  const struct setup *s = &w->setup;
  return json_pack("{s:s, s:s, s:s, s:I, s:s, s:f}", "software", "retrograd", "model_sha256",
                   s->model_sha256, "data_sha256", dataset_sha256(s->data), "samples",
                   (json_int_t)weigh_counted(w), "method", options_text(o, "method"), "penalty",
                   penalty);
}

err weigh_write(const struct weigh *w, const struct options *o)
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
               (long long)weigh_counted(w));
  if (!has_classes(w)) {
    (void)printf("no accuracy: all of them are of one class (--limit takes the first samples)\n");
  }
  return ERR_OK;
}
