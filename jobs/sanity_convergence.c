/** @file
 *  Signals that begin at random. */
#include "jobs/sanity_convergence.h"

#include "core/random.h"
#include "core/sort.h"
#include "core/tape_extract.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = SANITY_VECTORS * (SANITY_VECTORS - 1) / 2 };

struct convergence {
  const struct sanity *sanity;
  struct tape *tape;
  real **signal;   /* [vectors][n taps] as stored, [channels][unit][positions] */
  bool *seen;      /* [n taps] in the pass under way */
  int vector;      /* under way */
  double *uniform; /* [most elements of a start] */
  double *cosine;  /* [PAIRS * most positions] */
  double *work;    /* of the sort */
  int32_t *order;
};

void convergence_free(struct convergence **convergence)
{
  struct convergence *c = *convergence;
  if (!c) return;
  const int n = SANITY_VECTORS * c->sanity->setup.plan->n_taps;
  for (int i = 0; c->signal && i < n; i++) free(c->signal[i]);
  free((void *)c->signal);
  free(c->seen);
  free(c->uniform);
  free(c->cosine);
  free(c->work);
  free(c->order);
  free(c);
  *convergence = NULL;
}

static int64_t positions(const struct plan *p, int tap)
{
  return (int64_t)p->taps[tap].height * p->taps[tap].width;
}

static int64_t elements(const struct plan *p, int tap)
{
  return positions(p, tap) * p->taps[tap].channels;
}

static int64_t most_positions(const struct plan *p)
{
  int64_t most = 1;
  for (int t = 0; t < p->n_taps; t++) most = positions(p, t) > most ? positions(p, t) : most;
  return most;
}

static int64_t most_start(const struct sanity *s)
{
  int64_t most = 1;
  for (int k = 0; k < s->n_starts; k++) {
    const int64_t n = shape_count(&s->setup.graph->values[s->starts[k]].is.shape);
    most = n > most ? n : most;
  }
  return most;
}

int64_t convergence_bytes(const struct sanity *s)
{
  const struct plan *p = s->setup.plan;
  const int64_t cosines = PAIRS * most_positions(p);
  int64_t bytes = 0;
  if (!s->n_starts) return 0;
  for (int t = 0; t < p->n_taps; t++)
    bytes += SANITY_VECTORS * elements(p, t) * p->batch * (int64_t)sizeof(real);
  bytes += (most_start(s) + cosines) * (int64_t)sizeof(double);
  return bytes + (int64_t)sort_work_doubles(cosines) * 8 + cosines * (int64_t)sizeof(int32_t);
}

static err allocate(struct convergence *c)
{
  const struct sanity *s = c->sanity;
  const struct plan *p = s->setup.plan;
  const size_t cosines = (size_t)(PAIRS * most_positions(p));
  bool all = true;
  c->signal = calloc((size_t)SANITY_VECTORS * (size_t)p->n_taps, sizeof *c->signal);
  c->seen = calloc((size_t)p->n_taps, sizeof *c->seen);
  c->uniform = calloc((size_t)most_start(s), sizeof *c->uniform);
  c->cosine = calloc(cosines, sizeof *c->cosine);
  c->work = calloc(sort_work_doubles((int64_t)cosines), sizeof *c->work);
  c->order = calloc(cosines, sizeof *c->order);
  for (int i = 0; c->signal && i < SANITY_VECTORS * p->n_taps; i++) {
    c->signal[i] = calloc((size_t)(elements(p, i % p->n_taps) * p->batch), sizeof **c->signal);
    all = all && c->signal[i];
  }
  CHECK(all && c->signal && c->seen && c->uniform && c->cosine && c->work && c->order, ERR_MEMORY,
        "no memory for random signals: %.1f MiB; choose fewer layers or lower --unit",
        (double)convergence_bytes(s) / 1048576.0);
  return ERR_OK;
}

/** The tape's watch: keep the signal of a tap. */
static void keep(void *who, const struct tape_tap *t)
{
  struct convergence *c = who;
  const struct plan *p = c->sanity->setup.plan;
  if (c->vector < 0) return;
  memcpy(c->signal[c->vector * p->n_taps + t->tap], t->g,
         (size_t)(elements(p, t->tap) * p->batch) * sizeof *t->g);
  c->seen[t->tap] = true;
}

err convergence_make(const struct sanity *s, struct tape *t, struct convergence **out)
{
  *out = NULL;
  if (!s->n_starts) return ERR_OK;
  struct convergence *c = calloc(1, sizeof *c);
  CHECK(c, ERR_MEMORY, "no memory for random signals");
  *c = (struct convergence){.sanity = s, .tape = t, .vector = -1};
  const err e = allocate(c);
  if (e) {
    convergence_free(&c);
    return err_trace(e, __FILE__, __LINE__);
  }
  tape_set_watch(t, (struct tape_watch){.who = c, .see = keep});
  *out = c;
  return ERR_OK;
}

int convergence_rules(const struct plan *p, int *pass)
{
  int n = 0;
  for (int k = 0; k < p->n_passes; k++) {
    if (p->sources[p->passes[k].source].copies != 1) continue;
    if (pass) pass[n] = k;
    n++;
  }
  return n;
}

/** Fill the signal of a value for every sample of the unit. */
static void fill(struct convergence *c, int value, int64_t first)
{
  const struct plan *p = c->sanity->setup.plan;
  const struct shape *s = &p->graph->values[value].is.shape;
  const int64_t n = shape_count(s), plane = shape_inner(s);
  real *to = tape_signal(c->tape, value);
  for (int b = 0; b < p->batch; b++) {
    const struct random_place at = {.seed = c->sanity->setup.seed,
                                    .stream = RANDOM_SIGNAL + (uint32_t)c->vector,
                                    .copy = (uint32_t)p->graph->values[value].tap,
                                    .sample = (uint64_t)(first + b)};
    random_uniform(&at, n, c->uniform);
    for (int64_t k = 0; k < n / plane; k++) {
      for (int64_t u = 0; u < plane; u++)
        to[(k * p->batch + b) * plane + u] = (real)random_normal(c->uniform[k * plane + u]);
    }
  }
}

/** sum over channels of two signals at a position, as stored. */
static double dot(const real *a, const real *b, int channels, int64_t stride)
{
  double sum = 0.0;
  for (int64_t k = 0; k < channels; k++) sum += (double)a[k * stride] * (double)b[k * stride];
  return sum;
}

/** |cos| of every pair at one position, where both vectors are there; returns how many. */
static int cosines(const struct convergence *c, int tap, int64_t at, double *out)
{
  const struct plan *p = c->sanity->setup.plan;
  const int channels = p->taps[tap].channels;
  const int64_t stride = positions(p, tap) * p->batch;
  const real *v[SANITY_VECTORS];
  double square[SANITY_VECTORS];
  int n = 0;
  for (int i = 0; i < SANITY_VECTORS; i++) {
    v[i] = c->signal[i * p->n_taps + tap] + at;
    square[i] = dot(v[i], v[i], channels, stride);
  }
  for (int i = 0; i < SANITY_VECTORS; i++) {
    for (int j = 0; j < i; j++) {
      const double cosine = dot(v[i], v[j], channels, stride) / sqrt(square[i] * square[j]);
      if (isfinite(cosine)) out[n++] = fabs(cosine);
    }
  }
  return n;
}

/** The median over positions and pairs, NaN where there is none. */
static float median(struct convergence *c, int tap, int b)
{
  const int64_t plane = positions(c->sanity->setup.plan, tap);
  int64_t n = 0;
  for (int64_t u = 0; u < plane; u++) n += cosines(c, tap, b * plane + u, c->cosine + n);
  if (!n) return NAN;
  sort_order(c->cosine, n, c->order, c->work);
  return (float)(0.5 * (c->cosine[c->order[(n - 1) / 2]] + c->cosine[c->order[n / 2]]));
}

/** Every vector from a value back. */
static void send(struct convergence *c, int pass, int value, int64_t first)
{
  memset(c->seen, 0, (size_t)c->sanity->setup.plan->n_taps * sizeof *c->seen);
  for (c->vector = 0; c->vector < SANITY_VECTORS; c->vector++) {
    fill(c, value, first);
    tape_backward_below(c->tape, pass, 0, value);
  }
  c->vector = -1;
}

/** Medians of one rule and start; goes: the rule carries signals from there.  row: of the first sample. */
static void take_start(struct convergence *c, bool goes, int count, int64_t stride, float *row)
{
  const int taps = c->sanity->setup.plan->n_taps;
  for (int b = 0; b < count; b++, row += stride)
    for (int t = 0; t < taps; t++) row[t] = goes && c->seen[t] ? median(c, t, b) : NAN;
}

void convergence_take(struct convergence *c, int64_t first, int count, float *rows)
{
  const struct sanity *s = c->sanity;
  const struct plan *p = s->setup.plan;
  const int64_t of_rule = (int64_t)s->n_starts * p->n_taps;
  const int64_t stride = convergence_rules(p, NULL) * of_rule;
  for (int k = 0; k < p->n_passes; k++) {
    if (p->sources[p->passes[k].source].copies != 1) continue;
    for (int i = 0; i < s->n_starts; i++) {
      const bool goes = p->passes[k].need[s->starts[i]];
      if (goes) send(c, k, s->starts[i], first);
      take_start(c, goes, count, stride, rows + (int64_t)i * p->n_taps);
    }
    rows += of_rule;
  }
}
