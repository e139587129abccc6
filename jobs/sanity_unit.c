/** @file
 *  Computing a unit of sanity checks. */
#include "jobs/sanity_unit.h"

#include "core/tape.h"
#include "core/upsample.h"
#include "jobs/intake.h"
#include "jobs/sanity_convergence.h"
#include "pipeline/comm.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sanity_unit {
  const struct sanity *sanity;
  const struct attribute_schema *schema;
  struct intake *intake;
  struct tape *tape;
  struct convergence *convergence; /* NULL: none */
  bool *swapped;                   /* [n_nodes] */
  float *trained;                  /* rows of all taps, of the trained network */
  float **ready;      /* [n places] the same prepared, [maps][measures that are][positions] */
  float *input;       /* the unit's pixels, where forward begins at the input; else NULL */
  float *alike[2];    /* two maps of the input's size, where they are compared so */
  double *work;       /* of the measures */
  int *classes;       /* [n_targets][unit] of a random network */
  float **values;     /* [n places] as in the file */
  float *cosines;     /* as in the file */
  int32_t *predicted; /* [unit][orders][stages] */
  int *value_vars, predicted_var, cosine_var;
};

void sanity_unit_free(struct sanity_unit **unit)
{
  struct sanity_unit *u = *unit;
  if (!u) return;
  for (int t = 0; u->values && t < u->sanity->setup.plan->n_places; t++) free(u->values[t]);
  free((void *)u->values);
  convergence_free(&u->convergence);
  intake_free(&u->intake);
  tape_free(&u->tape);
  free(u->swapped);
  free(u->trained);
  for (int t = 0; u->ready && t < u->sanity->setup.plan->n_places; t++) free(u->ready[t]);
  free((void *)u->ready);
  free(u->input);
  free(u->alike[0]);
  free(u->alike[1]);
  free(u->work);
  free(u->classes);
  free(u->cosines);
  free(u->predicted);
  free(u->value_vars);
  free(u);
  *unit = NULL;
}

/** Networks that a unit is looked at with, beside the trained one. */
static int64_t networks(const struct sanity *s)
{
  return (int64_t)s->n_orders * s->n_chosen;
}

/** Values of one sample at a tap: [targets][orders][stages][methods][measures]. */
static int64_t values_of(const struct sanity *s, int tap)
{
  return s->setup.n_targets * networks(s) * plan_place(s->setup.plan, tap)->n_methods *
         s->n_measures;
}

static int64_t cosines_of(const struct sanity *s)
{
  return (int64_t)convergence_rules(s->setup.plan, NULL) * s->n_starts * s->setup.plan->n_taps;
}

/** The size at which maps of a tap are compared. */
static void compared_size(const struct sanity *s, int tap, int *height, int *width)
{
  const struct shape *x = &s->setup.graph->values[s->setup.graph->input].is.shape;
  *height = s->at_input ? shape_height(x) : plan_place(s->setup.plan, tap)->height;
  *width = s->at_input ? shape_width(x) : plan_place(s->setup.plan, tap)->width;
}

/** Measures of which the trained network's half is computed once. */
static int n_prepared(const struct sanity *s)
{
  int n = 0;
  for (int m = 0; m < s->n_measures; m++) n += s->measures[m]->prepare != NULL;
  return n;
}

static int64_t compared_plane(const struct sanity *s, int tap)
{
  int h = 0, w = 0;
  compared_size(s, tap, &h, &w);
  return (int64_t)h * w;
}

/** Maps of a unit at a tap. */
static int64_t maps_of(const struct sanity *s, int tap)
{
  return (int64_t)s->setup.unit * s->setup.n_targets * plan_place(s->setup.plan, tap)->n_methods;
}

static int64_t ready_of(const struct sanity *s, int tap)
{
  return maps_of(s, tap) * n_prepared(s) * compared_plane(s, tap);
}

static size_t most_work(const struct sanity *s)
{
  size_t most = 1;
  for (int t = 0; t < s->setup.plan->n_places; t++) {
    int h = 0, w = 0;
    compared_size(s, t, &h, &w);
    for (int m = 0; m < s->n_measures; m++) {
      const size_t n = s->measures[m]->work_doubles(h, w);
      most = n > most ? n : most;
    }
  }
  return most;
}

static int64_t input_plane(const struct sanity *s)
{
  return shape_inner(&s->setup.graph->values[s->setup.graph->input].is.shape);
}

int64_t sanity_unit_bytes(const struct sanity *s)
{
  const struct plan *p = s->setup.plan;
  int64_t floats = p->rows_floats + networks(s) * p->batch + cosines_of(s) * p->batch;
  for (int t = 0; t < p->n_places; t++) floats += values_of(s, t) * p->batch + ready_of(s, t);
  if (!sanity_reuses(s)) floats += plan_elements(p, s->setup.graph->input);
  if (s->at_input) floats += 2 * input_plane(s);
  return floats * 4 + (int64_t)most_work(s) * 8 + convergence_bytes(s);
}

static err allocate(struct sanity_unit *u)
{
  const struct sanity *s = u->sanity;
  const struct plan *p = s->setup.plan;
  const size_t n = (size_t)p->batch;
  bool all = true;
  u->swapped = calloc((size_t)s->setup.graph->n_nodes, sizeof *u->swapped);
  u->trained = calloc((size_t)p->rows_floats + 1, sizeof *u->trained);
  u->work = calloc(most_work(s), sizeof *u->work);
  u->classes = calloc(n * (size_t)s->setup.n_targets, sizeof *u->classes);
  u->cosines = calloc(n * (size_t)cosines_of(s) + 1, sizeof *u->cosines);
  u->predicted = calloc(n * (size_t)networks(s), sizeof *u->predicted);
  u->value_vars = calloc((size_t)p->n_places, sizeof *u->value_vars);
  u->values = calloc((size_t)p->n_places, sizeof *u->values);
  u->ready = calloc((size_t)p->n_places, sizeof *u->ready);
  all = u->ready;
  for (int t = 0; u->values && u->ready && t < p->n_places; t++) {
    u->ready[t] = calloc((size_t)ready_of(s, t) + 1, sizeof *u->ready[t]);
    all = all && u->ready[t];
    u->values[t] = calloc(n * (size_t)values_of(s, t), sizeof *u->values[t]);
    all = all && u->values[t];
  }
  if (!sanity_reuses(s)) {
    u->input = calloc((size_t)plan_elements(p, s->setup.graph->input), sizeof *u->input);
    all = all && u->input;
  }
  for (int k = 0; k < 2 && s->at_input; k++) {
    u->alike[k] = calloc((size_t)input_plane(s), sizeof *u->alike[k]);
    all = all && u->alike[k];
  }
  CHECK(all && u->swapped && u->trained && u->work && u->classes && u->cosines && u->predicted &&
            u->value_vars && u->values,
        ERR_MEMORY, "no memory for a unit of %d samples: %.1f MiB of maps and values", p->batch,
        (double)sanity_unit_bytes(s) / 1048576.0);
  TRY(tape_make(p, &u->tape));
  TRY(convergence_make(s, u->tape, &u->convergence));
  TRY(intake_make(&s->setup, &u->intake));
  return ERR_OK;
}

err sanity_unit_make(const struct sanity *s, const struct attribute_schema *a,
                     struct sanity_unit **out)
{
  struct sanity_unit *u = calloc(1, sizeof *u);
  CHECK(u, ERR_MEMORY, "no memory for a unit");
  u->sanity = s;
  u->schema = a;
  const err e = allocate(u);
  if (e) {
    sanity_unit_free(&u);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = u;
  return ERR_OK;
}

err sanity_unit_begin(void *who, struct store *f, const struct study_unit *first)
{
  struct sanity_unit *u = who;
  if (f) {
    TRY(intake_find(u->intake, f));
    TRY(store_find(f, "stages/predicted", &u->predicted_var));
    if (u->sanity->n_starts) TRY(store_find(f, "convergence/cosine", &u->cosine_var));
    for (int t = 0; t < u->sanity->setup.plan->n_places; t++) {
      char path[1024];
      (void)snprintf(path, sizeof path, "similarity/%s", attribute_schema_variable(u->schema, t));
      TRY(store_find(f, path, &u->value_vars[t]));
    }
  }
  intake_begin(u->intake, first);
  return ERR_OK;
}

/** A map as it is compared: itself, or made as large as the input. */
static const float *compared(struct sanity_unit *u, int tap, const float *map, int which)
{
  const struct plan_tap *t = plan_place(u->sanity->setup.plan, tap);
  int h = 0, w = 0;
  if (!u->sanity->at_input) return map;
  compared_size(u->sanity, tap, &h, &w);
  upsample_bilinear(map, t->height, t->width, u->alike[which], h, w);
  return u->alike[which];
}

/** What of the k-th map of the trained network at a tap is computed once. */
static void prepare(struct sanity_unit *u, int tap, int64_t k)
{
  const struct sanity *s = u->sanity;
  const struct plan_tap *at = plan_place(s->setup.plan, tap);
  const int64_t plane = compared_plane(s, tap);
  float *ready = u->ready[tap] + k * n_prepared(s) * plane;
  int h = 0, w = 0;
  compared_size(s, tap, &h, &w);
  const float *x = compared(u, tap, u->trained + at->rows + k * (int64_t)at->height * at->width, 0);
  for (int m = 0; m < s->n_measures; m++) {
    if (!s->measures[m]->prepare) continue;
    similarity_prepare(s->measures[m], x, h, w, ready, u->work);
    ready += plane;
  }
}

/** All measures of the k-th map at a tap, of the trained network and of the one that the tape has. */
static void compare(struct sanity_unit *u, int tap, int64_t k, float *out)
{
  const struct sanity *s = u->sanity;
  const struct plan_tap *at = plan_place(s->setup.plan, tap);
  const int64_t own = (int64_t)at->height * at->width, plane = compared_plane(s, tap);
  const float *ready = u->ready[tap] + k * n_prepared(s) * plane;
  int h = 0, w = 0;
  compared_size(s, tap, &h, &w);
  const float *x =
      n_prepared(s) == s->n_measures ? NULL : compared(u, tap, u->trained + at->rows + k * own, 0);
  const float *y = compared(u, tap, tape_rows(u->tape, s->setup.plan->places[tap]) + k * own, 1);
  for (int m = 0; m < s->n_measures; m++) {
    const bool prepared = s->measures[m]->prepare;
    out[m] = (float)(prepared ? similarity_of_prepared(s->measures[m], ready, y, h, w, u->work)
                              : similarity_of(s->measures[m], x, y, h, w, u->work));
    ready += prepared ? plane : 0;
  }
}

/** Keep the trained network's maps. */
static void keep_trained(struct sanity_unit *u, int count)
{
  const struct sanity *s = u->sanity;
  const struct plan *p = s->setup.plan;
  memcpy(u->trained, tape_rows(u->tape, 0), (size_t)p->rows_floats * sizeof *u->trained);
  for (int t = 0; t < p->n_places; t++)
    for (int64_t k = 0; k < count * maps_of(s, t) / s->setup.unit; k++) prepare(u, t, k);
}

/** The maps of a random network, the i-th of all, against those of the trained one; count samples. */
static void take_values(struct sanity_unit *u, int64_t i, int count)
{
  const struct sanity *s = u->sanity;
  for (int t = 0; t < s->setup.plan->n_places; t++) {
    const int64_t maps = plan_place(s->setup.plan, t)->n_methods;
    for (int64_t k = 0; k < count * maps_of(s, t) / s->setup.unit; k++) {
      const int64_t row = k / maps, map = k % maps;
      compare(u, t, k, u->values[t] + ((row * networks(s) + i) * maps + map) * s->n_measures);
    }
  }
}

/** Maps of the network that the tape has, NaN where there is no target. */
static void take_maps(struct sanity_unit *u, const struct study_unit *unit, const int *classes)
{
  const struct setup *s = &u->sanity->setup;
  tape_backward_all(u->tape, classes, s->first + unit->first);
  for (int t = 0; t < s->n_targets; t++) {
    for (int b = 0; b < unit->count; b++)
      if (classes[t * s->unit + b] < 0) tape_blank(u->tape, b, t);
  }
}

/** Forward through the network that the tape has. */
static void go_forward(struct sanity_unit *u, int node)
{
  const struct plan *p = u->sanity->setup.plan;
  if (!u->input) {
    tape_forward_from(u->tape, node);
    return;
  }
  memcpy(tape_input(u->tape), u->input,
         (size_t)plan_elements(p, p->graph->input) * sizeof *u->input);
  tape_forward(u->tape);
}

/** The random stages of the i-th network. */
static void swap_stages(struct sanity_unit *u, const struct sanity_order *order, int chosen)
{
  const struct sanity *s = u->sanity;
  const int last = s->chosen[chosen];
  memset(u->swapped, 0, (size_t)s->setup.graph->n_nodes * sizeof *u->swapped);
  for (int k = order->cascades ? 0 : last; k <= last; k++) stage_mark(&s->stages[k], u->swapped);
  tape_use_weights(u->tape, s->twin.plan, u->swapped);
}

/** The class with the largest logit; -1 where the sample has no pixels. */
static int32_t best_class(const struct sanity_unit *u, int b)
{
  const struct setup *s = &u->sanity->setup;
  const struct target largest = {.kind = TARGET_RANK};
  const struct sample none = {0};
  if (!intake_good(u->intake, b)) return -1;
  return target_class(&largest, &none, tape_logits(u->tape) + b, s->graph->classes, s->unit);
}

/** One random network. */
static void try_network(struct sanity_unit *u, const struct study_unit *unit, int order, int chosen)
{
  const struct sanity *s = u->sanity;
  const int64_t i = (int64_t)order * s->n_chosen + chosen;
  const int *classes = intake_classes(u->intake);
  swap_stages(u, &s->orders[order], chosen);
  go_forward(u, s->stages[s->chosen[chosen]].node);
  for (int b = 0; b < unit->count; b++) u->predicted[b * networks(s) + i] = best_class(u, b);
  if (!s->fixed) {
    intake_retarget(u->intake, unit, tape_logits(u->tape), u->classes);
    classes = u->classes;
  }
  take_maps(u, unit, classes);
  take_values(u, i, unit->count);
}

static void take_cosines(struct sanity_unit *u, const struct study_unit *unit)
{
  const struct sanity *s = u->sanity;
  const int64_t n = cosines_of(s);
  if (!u->convergence) return;
  if (u->input) go_forward(u, 0); /* copies of the input went forward since */
  convergence_take(u->convergence, s->setup.first + unit->first, unit->count, u->cosines);
  for (int b = 0; b < unit->count; b++)
    for (int64_t k = 0; !intake_good(u->intake, b) && k < n; k++) u->cosines[b * n + k] = NAN;
}

/** The trained network, then every random one: neither MPI nor HDF5.  Stages follow each other from the
 *  logits back, so that what lies before the one at hand is always the trained network's. */
static void compute(struct sanity_unit *u, const struct study_unit *unit, uint8_t *status)
{
  const struct sanity *s = u->sanity;
  const struct plan *p = s->setup.plan;
  tape_use_weights(u->tape, NULL, NULL);
  if (u->input) {
    memcpy(u->input, tape_input(u->tape),
           (size_t)plan_elements(p, p->graph->input) * sizeof *u->input);
  }
  tape_forward(u->tape);
  intake_describe(u->intake, unit, tape_logits(u->tape), status);
  take_maps(u, unit, intake_classes(u->intake));
  keep_trained(u, unit->count);
  take_cosines(u, unit);
  for (int k = 0; k < s->n_chosen; k++)
    for (int i = 0; i < s->n_orders; i++) try_network(u, unit, i, k);
}

static err write_rows(struct sanity_unit *u, struct store *f, const struct study_unit *unit)
{
  const int64_t row = unit->first, n = unit->count;
  TRY(intake_write(u->intake, f, row, n));
  TRY(store_write(f, u->predicted_var, row, n, u->predicted));
  if (u->convergence) TRY(store_write(f, u->cosine_var, row, n, u->cosines));
  for (int t = 0; t < u->sanity->setup.plan->n_places; t++)
    TRY(store_write(f, u->value_vars[t], row, n, u->values[t]));
  return ERR_OK;
}

err sanity_unit_compute(void *who, struct store *f, const struct study_unit *unit, uint8_t *status)
{
  struct sanity_unit *u = who;
  intake_take(u->intake, unit, tape_input(u->tape));
  comm_leave();
  compute(u, unit, status);
  comm_enter();
  if (f) TRY(write_rows(u, f, unit));
  return ERR_OK;
}

char *sanity_unit_account(void *who)
{
  struct sanity_unit *u = who;
  int64_t forward = 0, backward = 0;
  tape_passes(u->tape, &forward, &backward);
  json_t *o = json_object();
  (void)json_object_set_new(o, "n_forward", json_integer(forward));
  (void)json_object_set_new(o, "n_backward", json_integer(backward));
  (void)json_object_set(o, "skipped", intake_skipped(u->intake));
  char *text = json_dumps(o, JSON_COMPACT);
  json_decref(o);
  return text;
}
