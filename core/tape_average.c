/** @file
 *  Averages of signals over copies of a unit. */
#include "core/arena.h"
#include "core/simd.h"
#include "core/tape_impl.h"

#include <stdlib.h>
#include <string.h>

struct tape_average {
  double *sums;
  real *clean, *mean; /* activations of the input itself; one tap's average */
  real *x, *less;     /* the input itself, and x - baseline of a copy, as stored */
  void *work;
  int source, slot; /* on their way; 0: the input itself */
  double weight;    /* of the copy */
};

void tape_average_free(struct tape_average **average)
{
  struct tape_average *a = *average;
  if (!a) return;
  free(a->sums);
  free(a->clean);
  free(a->mean);
  free(a->x);
  free(a->less);
  free(a->work);
  free(a);
  *average = NULL;
}

err tape_average_make(const struct plan *p, struct tape_average **out)
{
  *out = NULL;
  if (p->n_sources == 1) return ERR_OK;
  struct tape_average *a = calloc(1, sizeof *a);
  CHECK(a, ERR_MEMORY, "no memory for averages");
  const struct shape *s = &p->graph->values[p->graph->input].is.shape;
  const size_t input = (size_t)plan_elements(p, p->graph->input);
  a->sums = calloc((size_t)p->sums_doubles + 1, sizeof *a->sums);
  a->clean = calloc((size_t)p->clean_reals + 1, sizeof *a->clean);
  a->mean = calloc((size_t)plan_largest_tap(p), sizeof *a->mean);
  a->x = calloc(input, sizeof *a->x);
  a->less = calloc(input, sizeof *a->less);
  a->work = malloc((size_t)average_work_bytes(shape_height(s), shape_width(s)));
  if (!a->sums || !a->clean || !a->mean || !a->x || !a->less || !a->work) {
    tape_average_free(&a);
    return FAIL(ERR_MEMORY,
                "no memory for averages over copies: %.1f MiB; lower --unit or choose fewer layers",
                (double)p->average_bytes / 1048576.0);
  }
  *out = a;
  return ERR_OK;
}

bool tape_average_runs(const struct tape *t)
{
  return t->average && t->average->source;
}

/** Copy a tensor as stored, of the whole unit or of samples [first, first + samples), into the whole. */
static void place(const struct plan *p, int value, int first, int samples, const real *from,
                  real *whole)
{
  const struct shape *s = &p->graph->values[value].is.shape;
  const int64_t plane = shape_inner(s);
  for (int k = 0; k < shape_channels(s); k++) {
    memcpy(whole + ((int64_t)k * p->batch + first) * plane, from + (int64_t)k * samples * plane,
           (size_t)(samples * plane) * sizeof *whole);
  }
}

void tape_average_keep(struct tape *t, int value, bool whole, const real *a)
{
  const struct plan *p = t->plan;
  struct tape_average *s = t->average;
  const int tap = p->tap_of_value[value], samples = whole ? p->batch : p->parts.samples;
  const int first = whole ? 0 : t->part * p->parts.samples;
  if (s->source) return;
  if (value == p->graph->input) memcpy(s->x, a, (size_t)plan_elements(p, value) * sizeof *a);
  if (tap >= 0 && p->clean[tap] >= 0) place(p, value, first, samples, a, s->clean + p->clean[tap]);
}

/** sum += w f for n numbers. */
SIMD static void add(const real *restrict f, double w, int64_t n, double *restrict sum)
{
  for (int64_t i = 0; i < n; i++) sum[i] += w * (double)f[i];
}

SIMD static void add_squares(const real *restrict f, double w, int64_t n, double *restrict sum)
{
  for (int64_t i = 0; i < n; i++) sum[i] += w * ((double)f[i] * (double)f[i]);
}

SIMD static void add_products(const real *restrict f, const real *restrict by, double w, int64_t n,
                              double *restrict sum)
{
  for (int64_t i = 0; i < n; i++) sum[i] += w * ((double)f[i] * (double)by[i]);
}

/** n signals g, whose place in the whole tensor is `at`, of all its `all` numbers. */
static void take(const struct tape_average *s, unsigned keeps, const real *g, int64_t n, int64_t at,
                 int64_t all, double *sums)
{
  if (keeps & AVERAGE_MEAN) {
    add(g, s->weight, n, sums + at);
    sums += all;
  }
  if (keeps & AVERAGE_SQUARES) {
    add_squares(g, s->weight, n, sums + at);
    sums += all;
  }
  if (keeps & AVERAGE_PRODUCTS) add_products(g, s->less + at, s->weight, n, sums + at);
}

/** Sums of a pass at a tap for a target slot. */
static double *sums_at(const struct tape *t, int pass, int tap, int slot)
{
  const struct plan *p = t->plan;
  const int64_t all = plan_elements(p, p->taps[tap].value);
  return t->average->sums + p->sums[pass * p->n_taps + tap] +
         all * average_planes(p->passes[pass].keeps) * slot;
}

void tape_average_take(struct tape *t, const struct tape_tap *at)
{
  const struct plan *p = t->plan;
  const struct tape_average *s = t->average;
  const struct plan_tap *tap = &p->taps[at->tap];
  const int64_t plane = (int64_t)tap->height * tap->width, all = plan_elements(p, tap->value);
  double *sums = sums_at(t, (int)(at->pass - p->passes), at->tap, at->slot);
  for (int k = 0; k < tap->channels; k++) {
    take(s, at->pass->keeps, at->g + (int64_t)k * at->samples * plane, at->samples * plane,
         ((int64_t)k * p->batch + at->first) * plane, all, sums);
  }
}

/** The input of every sample of the unit becomes its copy. */
static void make_copy(struct tape *t, int source, int copy, int64_t first)
{
  const struct plan *p = t->plan;
  struct tape_average *s = t->average;
  const struct average_use *use = &p->sources[source].average;
  const struct shape *x = &p->graph->values[p->graph->input].is.shape;
  const int64_t plane = shape_inner(x);
  for (int b = 0; b < p->batch; b++) {
    const struct average_site site = {.with = &use->with,
                                      .seed = p->seed,
                                      .sample = first + b,
                                      .copy = copy,
                                      .image = {shape_channels(x), shape_height(x), shape_width(x),
                                                plane * p->batch, s->x + b * plane},
                                      .black = p->input_low,
                                      .baselines = p->baselines,
                                      .n_baselines = p->n_baselines,
                                      .work = s->work};
    use->average->make(&site, tape_input(t) + b * plane, s->less + b * plane);
  }
  s->weight = use->average->weight ? use->average->weight(&use->with, copy)
                                   : 1.0 / p->sources[source].copies;
}

/** What an average wants of what its pass kept becomes a signal g [n]. */
static void finish(const double *sums, unsigned kept, unsigned wanted, int64_t n, real *g)
{
  const double *first = sums + n * average_planes(kept & ((wanted & -wanted) - 1));
  const bool variance = wanted == (AVERAGE_MEAN | AVERAGE_SQUARES);
  for (int64_t i = 0; i < n; i++) {
    const double v = variance ? first[n + i] - first[i] * first[i] : first[i];
    g[i] = (real)(variance && v < 0.0 ? 0.0 : v);
  }
}

/** The rows of every method of one average of a pass at a tap. */
static void extract(struct tape *t, int pass, const struct average *average, int tap, int slot)
{
  const struct plan *p = t->plan;
  struct tape_average *s = t->average;
  const int64_t n = plan_elements(p, p->taps[tap].value);
  finish(sums_at(t, pass, tap, slot), p->passes[pass].keeps, average->keeps, n, s->mean);
  struct tape_tap x = {.plan = p,
                       .pass = &p->passes[pass],
                       .average = average,
                       .tap = tap,
                       .slot = slot,
                       .samples = p->batch,
                       .a = p->clean[tap] < 0 ? NULL : s->clean + p->clean[tap],
                       .g = s->mean,
                       .work = p->extract_work[tap] < 0 ? NULL : t->arena + p->extract_work[tap],
                       .rows = tape_rows(t, tap),
                       .part_rows = tape_part_rows(t, tap)};
  tape_give_node(&x);
  if (t->watch.see) t->watch.see(t->watch.who, &x);
  tape_swap(t, &x);
  tape_extract(&x);
}

/** Some method at the tap is of this pass and average. */
static bool is_taken(const struct plan *p, int pass, const struct average *average, int tap)
{
  const struct plan_tap *at = &p->taps[tap];
  for (int k = 0; k < plan_tap_all(at); k++) {
    const int m = at->methods[k];
    if (p->pass_of[m] == pass && p->methods[m].average.average == average) return true;
  }
  return false;
}

/** All rows of a pass over copies. */
static void extract_all_of(struct tape *t, int pass)
{
  const struct plan *p = t->plan;
  for (int tap = 0; tap < p->n_taps; tap++) {
    for (const struct average *const *a = average_all; *a; a++) {
      for (int slot = 0; is_taken(p, pass, *a, tap) && slot < p->n_targets; slot++)
        extract(t, pass, *a, tap, slot);
    }
  }
}

/** Every copy of a source, forward and back. */
static void run_copies(struct tape *t, int source, const int *classes, int64_t first)
{
  const struct plan *p = t->plan;
  for (int copy = 0; copy < p->sources[source].copies; copy++) {
    make_copy(t, source, copy, first);
    tape_forward(t);
    for (int slot = 0; slot < p->n_targets; slot++) {
      for (int i = 0; i < p->n_passes; i++) {
        if (p->passes[i].source == source)
          tape_backward(t, i, slot, classes + (int64_t)slot * p->batch);
      }
    }
  }
}

/** Every source but the input itself, then its rows. */
static void run_sources(struct tape *t, const int *classes, int64_t first)
{
  const struct plan *p = t->plan;
  struct tape_average *s = t->average;
  memset(s->sums, 0, (size_t)p->sums_doubles * sizeof *s->sums);
  for (int source = 1; source < p->n_sources; source++) {
    s->source = source;
    run_copies(t, source, classes, first);
  }
  s->source = 0;
  for (int i = 0; i < p->n_passes; i++)
    if (p->passes[i].source) extract_all_of(t, i);
}

void tape_backward_all(struct tape *t, const int *classes, int64_t first)
{
  const struct plan *p = t->plan;
  for (int slot = 0; slot < p->n_targets; slot++) {
    for (int i = 0; i < p->n_passes; i++) {
      if (!p->passes[i].source && i != p->weigh_pass)
        tape_backward(t, i, slot, classes + (int64_t)slot * p->batch);
    }
  }
  if (t->average) run_sources(t, classes, first);
  if (t->combination) tape_combine(t);
  if (t->sizes) tape_sizes_run(t, classes);
  if (t->metas) tape_metas_run(t, classes, first);
}
