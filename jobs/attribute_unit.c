/** @file
 *  Computing a unit and writing its rows. */
#include "jobs/attribute_unit.h"

#include "core/tape.h"
#include "jobs/attribute_completeness.h"
#include "jobs/attribute_marks.h"
#include "pipeline/comm.h"
#include "pipeline/prefetch.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct attribute_unit {
  const struct setup *setup;
  const struct attribute_schema *schema;
  struct tape *tape;
  struct prefetch *prefetch;
  struct prefetch_slot *slots; /* [unit] */
  float *logits;               /* [unit, classes] */
  int32_t *size;               /* [unit, 2] */
  int32_t *target;             /* [unit, n_targets] */
  float *score;                /* [unit, n_targets] */
  int *classes;                /* [n_targets, unit] seeds */
  int *map_vars;               /* [n places] */
  uint8_t *marks;              /* [unit, n_targets, n places, n_methods] */
  float *totals;               /* [unit, n_targets, n plan taps, conserving rules] */
  float *sums;                 /* [unit, n_targets, complete methods] */
  int sum_var;                 /* -1: not in the file */
  int logits_var, size_var, target_var, score_var, mark_var, total_var; /* -1: not in the file */
  int64_t decoding; /* first sample of the unit that is decoded ahead, -1: none */
  json_t *skipped;  /* reasons of this rank's bad samples */
};

void attribute_unit_free(struct attribute_unit **unit)
{
  struct attribute_unit *u = *unit;
  if (!u) return;
  prefetch_free(&u->prefetch);
  tape_free(&u->tape);
  free(u->slots);
  free(u->logits);
  free(u->size);
  free(u->target);
  free(u->score);
  free(u->marks);
  free(u->sums);
  free(u->totals);
  free(u->classes);
  free(u->map_vars);
  json_decref(u->skipped);
  free(u);
  *unit = NULL;
}

static err allocate(struct attribute_unit *u)
{
  const struct setup *s = u->setup;
  const size_t n = (size_t)s->unit, targets = (size_t)s->n_targets;
  u->slots = calloc(n, sizeof *u->slots);
  u->logits = calloc(n * (size_t)s->graph->classes, sizeof *u->logits);
  u->size = calloc(n * 2, sizeof *u->size);
  u->target = calloc(n * targets, sizeof *u->target);
  u->score = calloc(n * targets, sizeof *u->score);
  u->marks = calloc(n * targets * (size_t)s->plan->n_places * (size_t)s->n_methods + 1, 1);
  u->totals = calloc(
      n * targets * (size_t)s->plan->n_taps * (size_t)attribute_conserving(s->plan, NULL) + 1,
      sizeof *u->totals);
  u->sums = calloc(n * targets * (size_t)attribute_complete(s->plan) + 1, sizeof *u->sums);
  u->classes = calloc(n * targets, sizeof *u->classes);
  u->map_vars = calloc((size_t)s->plan->n_places, sizeof *u->map_vars);
  u->skipped = json_array();
  CHECK(u->slots && u->logits && u->size && u->target && u->score && u->marks && u->totals &&
            u->sums && u->classes && u->map_vars && u->skipped,
        ERR_MEMORY, "no memory for a unit of %d samples", s->unit);
  TRY(tape_make(s->plan, &u->tape));
  TRY(prefetch_make(s->data, &s->recipe, s->unit, &u->prefetch));
  return ERR_OK;
}

err attribute_unit_make(const struct setup *s, const struct attribute_schema *a,
                        struct attribute_unit **out)
{
  struct attribute_unit *u = calloc(1, sizeof *u);
  CHECK(u, ERR_MEMORY, "no memory for a unit");
  u->setup = s;
  u->schema = a;
  u->decoding = -1;
  const err e = allocate(u);
  if (e) {
    attribute_unit_free(&u);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = u;
  return ERR_OK;
}

/** Decode a unit ahead, or none where count is 0. */
static void decode(struct attribute_unit *u, int64_t first, int count)
{
  u->decoding = count ? first : -1;
  if (count) prefetch_start(u->prefetch, u->setup->first + first, count);
}

err attribute_unit_find(struct attribute_unit *u, struct store *f)
{
  TRY(store_find(f, "samples/logits", &u->logits_var));
  TRY(store_find(f, "samples/size", &u->size_var));
  TRY(store_find(f, "samples/target_class", &u->target_var));
  TRY(store_find(f, "samples/score", &u->score_var));
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
  decode(u, first->first, first->count);
  return ERR_OK;
}

/** Remember why a sample (by its number in the data set) was skipped, for the run log. */
static void note_skipped(struct attribute_unit *u, int64_t sample, const struct prefetch_slot *slot)
{
  json_t *item = json_object();
  (void)json_object_set_new(item, "sample", json_integer(sample));
  (void)json_object_set_new(item, "path", json_string(dataset_sample(u->setup->data, sample).path));
  (void)json_object_set_new(item, "reason", json_string(slot->reason));
  (void)json_array_append_new(u->skipped, item);
}

/** Everything about a sample but its maps; a bad one gets NaN and -1. */
static void describe(struct attribute_unit *u, int64_t first, int b)
{
  const struct setup *s = u->setup;
  const struct prefetch_slot *slot = &u->slots[b];
  const int k = s->graph->classes;
  const bool good = slot->status == SAMPLE_DONE;
  const float *logits = tape_logits(u->tape) + b;
  for (int c = 0; c < k; c++)
    u->logits[(int64_t)b * k + c] = good ? logits[(int64_t)c * s->unit] : NAN;
  memcpy(u->size + 2 * (int64_t)b, slot->size, sizeof slot->size);
  const struct sample sample = dataset_sample(s->data, s->first + first + b);
  for (int t = 0; t < s->n_targets; t++) {
    const int c = good ? target_class(&s->targets[t], &sample, logits, k, s->unit) : -1;
    u->target[b * s->n_targets + t] = c;
    u->score[b * s->n_targets + t] = c >= 0 ? logits[(int64_t)c * s->unit] : NAN;
  }
}

/** Every backward pass of the unit, whose first sample is `first` of the study, then NaN where there is no
 *  target. */
static void backward(struct attribute_unit *u, int64_t first, int count)
{
  const struct setup *s = u->setup;
  for (int t = 0; t < s->n_targets; t++) {
    for (int b = 0; b < s->unit; b++)
      u->classes[t * s->unit + b] = b < count ? u->target[b * s->n_targets + t] : -1;
  }
  tape_backward_all(u->tape, u->classes, s->first + first);
  for (int t = 0; t < s->n_targets; t++) {
    for (int b = 0; b < count; b++)
      if (u->classes[t * s->unit + b] < 0) tape_blank(u->tape, b, t);
  }
}

static err write_rows(struct attribute_unit *u, struct store *f, int64_t row, int64_t n)
{
  TRY(store_write(f, u->logits_var, row, n, u->logits));
  TRY(store_write(f, u->size_var, row, n, u->size));
  TRY(store_write(f, u->target_var, row, n, u->target));
  TRY(store_write(f, u->score_var, row, n, u->score));
  TRY(store_write(f, u->mark_var, row, n, u->marks));
  if (u->sum_var >= 0) TRY(store_write(f, u->sum_var, row, n, u->sums));
  if (u->total_var >= 0) TRY(store_write(f, u->total_var, row, n, u->totals));
  for (int i = 0; i < u->setup->plan->n_places; i++)
    TRY(store_write(f, u->map_vars[i], row, n, tape_rows(u->tape, u->setup->plan->places[i])));
  return ERR_OK;
}

/** The pixels of a unit, which was decoded ahead unless another rank's unit came between. */
static void take_pixels(struct attribute_unit *u, const struct study_unit *unit)
{
  if (u->decoding >= 0 && u->decoding != unit->first) {
    prefetch_wait(u->prefetch, tape_input(u->tape), u->slots);
    u->decoding = -1;
  }
  if (u->decoding < 0) decode(u, unit->first, unit->count);
  comm_leave();
  prefetch_wait(u->prefetch, tape_input(u->tape), u->slots);
  comm_enter();
  decode(u, unit->next_first, unit->next_count);
}

/** Forward, what the logits say, and backward: neither MPI nor HDF5. */
static void compute_maps(struct attribute_unit *u, const struct study_unit *unit, uint8_t *status)
{
  tape_forward(u->tape);
  for (int b = 0; b < unit->count; b++) {
    describe(u, unit->first, b);
    status[b] = (uint8_t)u->slots[b].status;
    if (u->slots[b].status != SAMPLE_DONE)
      note_skipped(u, u->setup->first + unit->first + b, &u->slots[b]);
  }
  backward(u, unit->first, unit->count);
  attribute_marks_take(u->tape, u->setup->plan, unit->count, u->target, u->marks);
  attribute_marks_totals(u->tape, u->setup->plan, unit->count, u->target, u->totals);
  if (u->sum_var >= 0)
    attribute_completeness_take(u->tape, u->setup->plan, unit->count, u->target, u->sums);
}

err attribute_unit_compute_to(struct attribute_unit *u, struct store *f,
                              const struct study_unit *unit, int64_t row, uint8_t *status)
{
  take_pixels(u, unit);
  comm_leave();
  compute_maps(u, unit, status);
  comm_enter();
  if (f) TRY(write_rows(u, f, row, unit->count));
  return ERR_OK;
}

err attribute_unit_compute(void *who, struct store *f, const struct study_unit *unit,
                           uint8_t *status)
{
  return attribute_unit_compute_to(who, f, unit, unit->first, status);
}

char *attribute_unit_account(void *who)
{
  struct attribute_unit *u = who;
  int64_t n_forward = 0, n_backward = 0;
  tape_passes(u->tape, &n_forward, &n_backward);
  json_t *o = json_object();
  (void)json_object_set_new(o, "n_forward", json_integer(n_forward));
  (void)json_object_set_new(o, "n_backward", json_integer(n_backward));
  (void)json_object_set(o, "skipped", u->skipped);
  char *text = json_dumps(o, JSON_COMPACT);
  json_decref(o);
  return text;
}
