/** @file
 *  Samples on their way in. */
#include "jobs/intake.h"

#include "pipeline/comm.h"
#include "pipeline/prefetch.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct intake {
  const struct setup *setup;
  struct prefetch *prefetch;
  struct prefetch_slot *slots; /* [unit] */
  float *logits;               /* [unit, classes] */
  int32_t *size;               /* [unit, 2] */
  int32_t *target;             /* [unit, n_targets] */
  float *score;                /* [unit, n_targets] */
  int *classes;                /* [n_targets, unit] */
  int logits_var, size_var, target_var, score_var;
  int64_t decoding; /* first sample of the unit that is decoded ahead, -1: none */
  json_t *skipped;
};

void intake_free(struct intake **intake)
{
  struct intake *in = *intake;
  if (!in) return;
  prefetch_free(&in->prefetch);
  free(in->slots);
  free(in->logits);
  free(in->size);
  free(in->target);
  free(in->score);
  free(in->classes);
  json_decref(in->skipped);
  free(in);
  *intake = NULL;
}

static err allocate(struct intake *in)
{
  const struct setup *s = in->setup;
  const size_t n = (size_t)s->unit, targets = (size_t)s->n_targets;
  in->slots = calloc(n, sizeof *in->slots);
  in->logits = calloc(n * (size_t)s->graph->classes, sizeof *in->logits);
  in->size = calloc(n * 2, sizeof *in->size);
  in->target = calloc(n * targets, sizeof *in->target);
  in->score = calloc(n * targets, sizeof *in->score);
  in->classes = calloc(n * targets, sizeof *in->classes);
  in->skipped = json_array();
  CHECK(in->slots && in->logits && in->size && in->target && in->score && in->classes &&
            in->skipped,
        ERR_MEMORY, "no memory for a unit of %d samples", s->unit);
  TRY(prefetch_make(s->data, &s->recipe, s->unit, &in->prefetch));
  return ERR_OK;
}

err intake_make(const struct setup *s, struct intake **out)
{
  struct intake *in = calloc(1, sizeof *in);
  CHECK(in, ERR_MEMORY, "no memory for a unit");
  in->setup = s;
  in->decoding = -1;
  const err e = allocate(in);
  if (e) {
    intake_free(&in);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = in;
  return ERR_OK;
}

/** Decode a unit ahead, or none where count is 0. */
static void decode(struct intake *in, int64_t first, int count)
{
  in->decoding = count ? first : -1;
  if (count) prefetch_start(in->prefetch, in->setup->first + first, count);
}

err intake_find(struct intake *in, struct store *f)
{
  TRY(store_find(f, "samples/logits", &in->logits_var));
  TRY(store_find(f, "samples/size", &in->size_var));
  TRY(store_find(f, "samples/target_class", &in->target_var));
  TRY(store_find(f, "samples/score", &in->score_var));
  return ERR_OK;
}

void intake_begin(struct intake *in, const struct study_unit *first)
{
  decode(in, first->first, first->count);
}

void intake_take(struct intake *in, const struct study_unit *unit, float *input)
{
  if (in->decoding >= 0 && in->decoding != unit->first) { /* another rank's unit came between */
    prefetch_wait(in->prefetch, input, in->slots);
    in->decoding = -1;
  }
  if (in->decoding < 0) decode(in, unit->first, unit->count);
  comm_leave();
  prefetch_wait(in->prefetch, input, in->slots);
  comm_enter();
  decode(in, unit->next_first, unit->next_count);
}

/** Remember why a sample (by its number in the data set) was skipped, for the run log. */
static void note_skipped(struct intake *in, int64_t sample, const struct prefetch_slot *slot)
{
  json_t *item = json_object();
  (void)json_object_set_new(item, "sample", json_integer(sample));
  (void)json_object_set_new(item, "path",
                            json_string(dataset_sample(in->setup->data, sample).path));
  (void)json_object_set_new(item, "reason", json_string(slot->reason));
  (void)json_array_append_new(in->skipped, item);
}

/** Class of target t for sample b of the unit, which is `sample` of the data set. */
static int class_of(const struct intake *in, int64_t sample, const float *logits, int b, int t)
{
  const struct setup *s = in->setup;
  const struct sample listed = dataset_sample(s->data, sample);
  if (in->slots[b].status != SAMPLE_DONE) return -1;
  return target_class(&s->targets[t], &listed, logits + b, s->graph->classes, s->unit);
}

void intake_retarget(const struct intake *in, const struct study_unit *unit, const float *logits,
                     int *classes)
{
  const struct setup *s = in->setup;
  for (int t = 0; t < s->n_targets; t++) {
    for (int b = 0; b < s->unit; b++) {
      classes[t * s->unit + b] =
          b < unit->count ? class_of(in, s->first + unit->first + b, logits, b, t) : -1;
    }
  }
}

/** A sample; a bad one gets NaN and -1. */
static void describe(struct intake *in, int64_t sample, const float *logits, int b)
{
  const struct setup *s = in->setup;
  const struct prefetch_slot *slot = &in->slots[b];
  const int k = s->graph->classes;
  const bool good = slot->status == SAMPLE_DONE;
  for (int c = 0; c < k; c++)
    in->logits[(int64_t)b * k + c] = good ? logits[(int64_t)c * s->unit + b] : NAN;
  memcpy(in->size + 2 * (int64_t)b, slot->size, sizeof slot->size);
  for (int t = 0; t < s->n_targets; t++) {
    const int c = class_of(in, sample, logits, b, t);
    in->target[b * s->n_targets + t] = c;
    in->score[b * s->n_targets + t] = c >= 0 ? logits[(int64_t)c * s->unit + b] : NAN;
  }
}

void intake_describe(struct intake *in, const struct study_unit *unit, const float *logits,
                     uint8_t *status)
{
  const struct setup *s = in->setup;
  for (int b = 0; b < unit->count; b++) {
    const int64_t sample = s->first + unit->first + b;
    describe(in, sample, logits, b);
    status[b] = (uint8_t)in->slots[b].status;
    if (in->slots[b].status != SAMPLE_DONE) note_skipped(in, sample, &in->slots[b]);
  }
  for (int t = 0; t < s->n_targets; t++) {
    for (int b = 0; b < s->unit; b++)
      in->classes[t * s->unit + b] = b < unit->count ? in->target[b * s->n_targets + t] : -1;
  }
}

const int *intake_classes(const struct intake *in)
{
  return in->classes;
}

const int32_t *intake_sizes(const struct intake *in)
{
  return in->size;
}

const int32_t *intake_targets(const struct intake *in)
{
  return in->target;
}

bool intake_good(const struct intake *in, int b)
{
  return in->slots[b].status == SAMPLE_DONE;
}

err intake_write(struct intake *in, struct store *f, int64_t row, int64_t n)
{
  TRY(store_write(f, in->logits_var, row, n, in->logits));
  TRY(store_write(f, in->size_var, row, n, in->size));
  TRY(store_write(f, in->target_var, row, n, in->target));
  TRY(store_write(f, in->score_var, row, n, in->score));
  return ERR_OK;
}

char *intake_account(struct intake *in, const struct tape *t)
{
  int64_t forward = 0, backward = 0;
  tape_passes(t, &forward, &backward);
  json_t *o = json_object();
  (void)json_object_set_new(o, "n_forward", json_integer(forward));
  (void)json_object_set_new(o, "n_backward", json_integer(backward));
  (void)json_object_set(o, "skipped", in->skipped);
  char *text = json_dumps(o, JSON_COMPACT);
  json_decref(o);
  return text;
}
