/** @file
 *  Computing a unit and writing its rows. */
#include "jobs/attribute_unit.h"

#include "core/tape.h"
#include "jobs/attribute_completeness.h"
#include "jobs/attribute_marks.h"
#include "jobs/evaluation_rows.h"
#include "jobs/intake.h"
#include "jobs/perturb.h"
#include "pipeline/comm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct attribute_unit {
  const struct setup *setup;
  const struct attribute_schema *schema;
  struct tape *tape;
  struct intake *intake;
  struct evaluation_rows *evaluation; /* NULL: nothing is evaluated */
  struct perturb *model;              /* NULL: no metric asks the model */
  float *images;                      /* [input] of the unit, for those that do */
  int *map_vars;                      /* [n places] */
  uint8_t *marks;                     /* [unit, n_targets, n places, n_methods] */
  float *totals;                      /* [unit, n_targets, n plan taps, conserving rules] */
  float *sums;                        /* [unit, n_targets, complete methods] */
  int mark_var, total_var, sum_var;   /* -1: not in the file */
};

void attribute_unit_free(struct attribute_unit **unit)
{
  struct attribute_unit *u = *unit;
  if (!u) return;
  evaluation_rows_free(&u->evaluation);
  perturb_free(&u->model);
  free(u->images);
  intake_free(&u->intake);
  tape_free(&u->tape);
  free(u->marks);
  free(u->sums);
  free(u->totals);
  free(u->map_vars);
  free(u);
  *unit = NULL;
}

/** Buffers of values; metrics that ask the model have the passes of the unit's own tape. */
static err make_evaluation(struct attribute_unit *u)
{
  const struct setup *s = u->setup;
  TRY(evaluation_rows_make(s->evaluation, s->unit, &u->evaluation));
  if (!evaluation_needs(s->evaluation, METRIC_MODEL)) return ERR_OK;
  u->images = malloc((size_t)plan_elements(s->plan, s->graph->input) * sizeof *u->images);
  CHECK(u->images, ERR_MEMORY, "no memory for the images of a unit");
  TRY(perturb_make(u->tape, s->plan, s->evaluation->step, &u->model));
  evaluation_rows_ask(u->evaluation, u->model);
  return ERR_OK;
}

static err allocate(struct attribute_unit *u)
{
  const struct setup *s = u->setup;
  const size_t n = (size_t)s->unit, targets = (size_t)s->n_targets;
  u->marks = calloc(n * targets * (size_t)s->plan->n_places * (size_t)s->n_methods + 1, 1);
  u->totals = calloc(
      n * targets * (size_t)s->plan->n_taps * (size_t)attribute_conserving(s->plan, NULL) + 1,
      sizeof *u->totals);
  u->sums = calloc(n * targets * (size_t)attribute_complete(s->plan) + 1, sizeof *u->sums);
  u->map_vars = calloc((size_t)s->plan->n_places, sizeof *u->map_vars);
  CHECK(u->marks && u->totals && u->sums && u->map_vars, ERR_MEMORY,
        "no memory for a unit of %d samples", s->unit);
  TRY(tape_make(s->plan, &u->tape));
  TRY(intake_make(s, &u->intake));
  if (s->evaluation) TRY(make_evaluation(u));
  return ERR_OK;
}

err attribute_unit_make(const struct setup *s, const struct attribute_schema *a,
                        struct attribute_unit **out)
{
  struct attribute_unit *u = calloc(1, sizeof *u);
  CHECK(u, ERR_MEMORY, "no memory for a unit");
  u->setup = s;
  u->schema = a;
  const err e = allocate(u);
  if (e) {
    attribute_unit_free(&u);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = u;
  return ERR_OK;
}

err attribute_unit_find(struct attribute_unit *u, struct store *f)
{
  TRY(intake_find(u->intake, f));
  if (u->evaluation) TRY(evaluation_rows_find(u->evaluation, f));
  TRY(store_find(f, "marks/mark", &u->mark_var));
  u->total_var = -1;
  if (attribute_conserving(u->setup->plan, NULL))
    TRY(store_find(f, "relevance/total", &u->total_var));
  u->sum_var = -1;
  if (attribute_complete(u->setup->plan)) TRY(store_find(f, "completeness/total", &u->sum_var));
  for (int i = 0; i < u->setup->plan->n_places; i++) {
    char path[1024];
    (void)snprintf(path, sizeof path, "maps/%s", attribute_schema_variable(u->schema, i));
    TRY(store_find(f, path, &u->map_vars[i]));
  }
  return ERR_OK;
}

err attribute_unit_begin(void *who, struct store *f, const struct study_unit *first)
{
  struct attribute_unit *u = who;
  TRY(attribute_unit_find(u, f));
  intake_begin(u->intake, first);
  return ERR_OK;
}

/** Every backward pass of the unit, whose first sample is `first` of the study, then NaN where there is no
 *  target. */
static void backward(struct attribute_unit *u, int64_t first, int count)
{
  const struct setup *s = u->setup;
  const int *classes = intake_classes(u->intake);
  tape_backward_all(u->tape, classes, s->first + first);
  for (int t = 0; t < s->n_targets; t++) {
    for (int b = 0; b < count; b++)
      if (classes[t * s->unit + b] < 0) tape_blank(u->tape, b, t);
  }
}

static err write_rows(struct attribute_unit *u, struct store *f, int64_t row, int64_t n)
{
  TRY(intake_write(u->intake, f, row, n));
  TRY(store_write(f, u->mark_var, row, n, u->marks));
  if (u->evaluation) TRY(evaluation_rows_write(u->evaluation, f, row, n));
  if (u->sum_var >= 0) TRY(store_write(f, u->sum_var, row, n, u->sums));
  if (u->total_var >= 0) TRY(store_write(f, u->total_var, row, n, u->totals));
  for (int i = 0; i < u->setup->plan->n_places; i++)
    TRY(store_write(f, u->map_vars[i], row, n, tape_rows(u->tape, u->setup->plan->places[i])));
  return ERR_OK;
}

/** Forward, what the logits say, and backward: neither MPI nor HDF5. */
static void compute_maps(struct attribute_unit *u, const struct study_unit *unit, uint8_t *status)
{
  if (u->model) {
    memcpy(u->images, tape_input(u->tape),
           (size_t)plan_elements(u->setup->plan, u->setup->graph->input) * sizeof *u->images);
  }
  tape_forward(u->tape);
  intake_describe(u->intake, unit, tape_logits(u->tape), status);
  backward(u, unit->first, unit->count);
  const int32_t *target = intake_targets(u->intake);
  attribute_marks_take(u->tape, u->setup->plan, unit->count, target, u->marks);
  attribute_marks_totals(u->tape, u->setup->plan, unit->count, target, u->totals);
  if (u->sum_var >= 0)
    attribute_completeness_take(u->tape, u->setup->plan, unit->count, target, u->sums);
}

/** Values of the unit's maps. */
static err evaluate_maps(struct attribute_unit *u, const struct study_unit *unit,
                         const uint8_t *status)
{
  const struct plan *p = u->setup->plan;
  const int64_t slots = u->setup->n_targets;
  if (u->model) perturb_unit(u->model, u->images, evaluation_blurs(u->setup->evaluation));
  for (int b = 0; u->evaluation && b < unit->count; b++) {
    if (status[b] != SAMPLE_DONE) {
      evaluation_rows_blank(u->evaluation, b);
      continue;
    }
    TRY(evaluation_rows_begin(u->evaluation, b, unit->first + b,
                              intake_sizes(u->intake) + 2 * (int64_t)b,
                              intake_targets(u->intake) + b * slots));
    for (int i = 0; i < p->n_places; i++) {
      const struct plan_tap *t = plan_place(p, i);
      const int64_t row = slots * t->n_methods * t->height * t->width;
      evaluation_rows_layer(u->evaluation, b, i, tape_rows(u->tape, p->places[i]) + b * row);
    }
  }
  if (u->evaluation) evaluation_rows_end(u->evaluation);
  return ERR_OK;
}

err attribute_unit_compute_to(struct attribute_unit *u, struct store *f,
                              const struct study_unit *unit, int64_t row, uint8_t *status)
{
  intake_take(u->intake, unit, tape_input(u->tape));
  comm_leave();
  compute_maps(u, unit, status);
  const err e = evaluate_maps(u, unit, status);
  comm_enter();
  TRY(e);
  if (f) TRY(write_rows(u, f, row, unit->count));
  return ERR_OK;
}

err attribute_unit_compute(void *who, struct store *f, const struct study_unit *unit,
                           uint8_t *status)
{
  return attribute_unit_compute_to(who, f, unit, unit->first, status);
}

const struct evaluation *attribute_unit_evaluation(void *who)
{
  return ((struct attribute_unit *)who)->setup->evaluation;
}

char *attribute_unit_account(void *who)
{
  struct attribute_unit *u = who;
  return intake_account(u->intake, u->tape);
}
