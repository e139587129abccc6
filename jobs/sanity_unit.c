/** @file
 *  Computing a unit of sanity checks. */
#include "jobs/sanity_unit.h"

#include "core/tape.h"
#include "jobs/intake.h"
#include "jobs/sanity_compare.h"
#include "jobs/sanity_convergence.h"
#include "pipeline/comm.h"

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
  struct sanity_compare *compare;
  float *input;       /* the unit's pixels, where forward begins at the input; else NULL */
  int *classes;       /* [n_targets][unit] of a random network */
  float *cosines;     /* as in the file */
  int32_t *predicted; /* [unit][orders][stages] */
  int *value_vars, predicted_var, cosine_var;
};

void sanity_unit_free(struct sanity_unit **unit)
{
  struct sanity_unit *u = *unit;
  if (!u) return;
  sanity_compare_free(&u->compare);
  convergence_free(&u->convergence);
  intake_free(&u->intake);
  tape_free(&u->tape);
  free(u->swapped);
  free(u->input);
  free(u->classes);
  free(u->cosines);
  free(u->predicted);
  free(u->value_vars);
  free(u);
  *unit = NULL;
}

static int64_t cosines_of(const struct sanity *s)
{
  return (int64_t)convergence_rules(s->setup.plan, NULL) * s->n_starts * s->setup.plan->n_taps;
}

int64_t sanity_unit_bytes(const struct sanity *s)
{
  const struct plan *p = s->setup.plan;
  int64_t floats = sanity_compare_networks(s) * p->batch + cosines_of(s) * p->batch;
  if (!sanity_reuses(s)) floats += plan_elements(p, s->setup.graph->input);
  return floats * 4 + sanity_compare_bytes(s) + convergence_bytes(s);
}

static err allocate(struct sanity_unit *u)
{
  const struct sanity *s = u->sanity;
  const struct plan *p = s->setup.plan;
  const size_t n = (size_t)p->batch;
  u->swapped = calloc((size_t)s->setup.graph->n_nodes, sizeof *u->swapped);
  u->classes = calloc(n * (size_t)s->setup.n_targets, sizeof *u->classes);
  u->cosines = calloc(n * (size_t)cosines_of(s) + 1, sizeof *u->cosines);
  u->predicted = calloc(n * (size_t)sanity_compare_networks(s), sizeof *u->predicted);
  u->value_vars = calloc((size_t)p->n_places, sizeof *u->value_vars);
  if (!sanity_reuses(s))
    u->input = calloc((size_t)plan_elements(p, s->setup.graph->input), sizeof *u->input);
  CHECK(u->swapped && u->classes && u->cosines && u->predicted && u->value_vars &&
            (u->input || sanity_reuses(s)),
        ERR_MEMORY, "no memory for a unit of %d samples", p->batch);
  TRY(tape_make(p, &u->tape));
  TRY(sanity_compare_make(s, u->tape, &u->compare));
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
  for (int b = 0; b < unit->count; b++)
    u->predicted[b * sanity_compare_networks(s) + i] = best_class(u, b);
  if (!s->fixed) {
    intake_retarget(u->intake, unit, tape_logits(u->tape), u->classes);
    classes = u->classes;
  }
  take_maps(u, unit, classes);
  sanity_compare_take(u->compare, i, unit->count);
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
  sanity_compare_keep(u->compare, unit->count);
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
    TRY(store_write(f, u->value_vars[t], row, n, sanity_compare_values(u->compare, t)));
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
  return intake_account(u->intake, u->tape);
}
