/** @file
 *  What every sample contributes to the weights of layers. */
#include "jobs/weigh_pass.h"

#include "core/tape_extract.h"
#include "io/image.h"
#include "pipeline/comm.h"

#include <stdlib.h>

/** A sample counts: its image is there, and it has a label. */
static bool counts(const struct weigh *w, int b)
{
  const struct sample s = dataset_sample(w->setup.data, w->first + b);
  return w->slots[b].status == SAMPLE_DONE && s.label >= 0;
}

/** What a layer has of sample k at a tap: activations a. */
static void take(struct weigh *w, struct weigh_layer *l, const struct tape_tap *at, const real *a,
                 int64_t k)
{
  const struct plan_tap *t = &w->plan->taps[at->tap];
  const int64_t n = (int64_t)t->height * t->width, stride = n * at->samples;
  if (l->in == at->tap) l->spread[2 * k + 1] = weigh_spread(a, t->channels, stride, n, w->mean);
  if (l->tap != at->tap) return;
  l->spread[2 * k] = weigh_spread(a, t->channels, stride, n, w->mean);
  weigh_features(a, t->channels, stride, n, l->features + k * t->channels);
}

void weigh_see(void *who, const struct tape_tap *at)
{
  struct weigh *w = who;
  const struct plan_tap *t = &w->plan->taps[at->tap];
  const int64_t n = (int64_t)t->height * t->width;
  const int64_t left = dataset_count(w->setup.data) - w->first;
  if (!at->a || at->pass->rule.rule != rule_find("gradient")) return;
  for (int b = 0; b < at->samples && at->first + b < left; b++) {
    if (!counts(w, at->first + b)) continue;
    for (int i = 0; i < w->n_layers; i++)
      take(w, &w->layer[i], at, at->a + b * n, w->first + at->first + b);
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
    w->layer[i].point[w->first + b] =
        weigh_hits(row, t, r->height, r->width, box, w->up) ? WEIGH_HIT : WEIGH_MISS;
  }
}

/** One unit. */
static void measure(struct weigh *w, struct prefetch *ahead, int n, int *class)
{
  const struct setup *s = &w->setup;
  prefetch_start(ahead, w->first, n);
  prefetch_wait(ahead, tape_input(w->tape), w->slots);
  tape_forward(w->tape);
  for (int b = 0; b < s->unit; b++)
    class[b] = b < n && counts(w, b) ? dataset_sample(s->data, w->first + b).label : -1;
  tape_backward_all(w->tape, class, w->first);
  for (int b = 0; b < n; b++) {
    w->label[w->first + b] = class[b];
    if (class[b] >= 0) point(w, b);
  }
}

static int64_t units(const struct weigh *w)
{
  return (dataset_count(w->setup.data) + w->setup.unit - 1) / w->setup.unit;
}

/** Samples of unit k, which begins at w->first. */
static int begin(struct weigh *w, int64_t k)
{
  w->first = k * w->setup.unit;
  const int64_t left = dataset_count(w->setup.data) - w->first;
  return left < w->setup.unit ? (int)left : w->setup.unit;
}

/** The units of this rank. */
static err measure_own(struct weigh *w)
{
  const struct setup *s = &w->setup;
  struct prefetch *ahead = NULL;
  int *class = calloc((size_t)s->unit, sizeof *class);
  err e = class ? prefetch_make(s->data, &s->recipe, s->unit, &ahead)
                : FAIL(ERR_MEMORY, "no memory for a unit");
  for (int64_t k = comm_rank(); !e && k < units(w); k += comm_size()) {
    const int n = begin(w, k);
    measure(w, ahead, n, class);
  }
  prefetch_free(&ahead);
  free(class);
  return e;
}

/** What the rank of each unit has measured. */
static void share(struct weigh *w)
{
  for (int64_t k = 0; k < units(w); k++) {
    const int rank = (int)(k % comm_size()), n = begin(w, k);
    comm_share_from(rank, w->label + w->first, n * (int64_t)sizeof *w->label);
    for (int i = 0; i < w->n_layers; i++) {
      const struct weigh_layer *l = &w->layer[i];
      const int64_t f = w->plan->taps[l->tap].channels;
      comm_share_from(rank, l->spread + 2 * w->first, 2 * (int64_t)n * (int64_t)sizeof *l->spread);
      comm_share_from(rank, l->features + f * w->first, f * n * (int64_t)sizeof *l->features);
      comm_share_from(rank, l->point + w->first, n);
    }
  }
}

err weigh_pass(struct weigh *w)
{
  TRY(comm_agree(measure_own(w)));
  if (comm_size() > 1) share(w);
  return ERR_OK;
}
