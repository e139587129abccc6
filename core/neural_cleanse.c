/** @file
 *  Neural Cleanse. */
#include "core/neural_cleanse.h"

#include "core/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double near_two = 2.0 - 1e-7, beta1 = 0.5, beta2 = 0.9, rate = 0.1, enough = 0.99;
enum { PATIENCE = 5, LAST_PATIENCE = 25 };

/** Numbers that Adam moves: M [plane], then P [pixels]. */
struct cleanse {
  int64_t n;
  double *z, *value, *gradient, *first, *second; /* [n] value: the mask and the pattern */
};

void cleanse_free(struct cleanse **cleanse)
{
  struct cleanse *c = *cleanse;
  if (!c) return;
  free(c->z);
  free(c->value);
  free(c->gradient);
  free(c->first);
  free(c->second);
  free(c);
  *cleanse = NULL;
}

err cleanse_make(const struct scan_lab *l, struct cleanse **out)
{
  struct cleanse *c = calloc(1, sizeof *c);
  CHECK(c, ERR_MEMORY, "no memory for a mask");
  c->n = l->plane + l->pixels;
  double **all[] = {&c->z, &c->value, &c->gradient, &c->first, &c->second};
  bool good = true;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    *all[i] = calloc((size_t)c->n, sizeof(double));
    good = good && *all[i];
  }
  if (!good) cleanse_free(&c);
  CHECK(good, ERR_MEMORY, "no memory for a mask");
  *out = c;
  return ERR_OK;
}

static void begin(struct cleanse *c, const struct cleanse_settings *s, int target)
{
  const struct random_place at = {
      .seed = s->seed, .stream = RANDOM_CHOICE, .copy = 1, .sample = (uint64_t)target};
  random_uniform(&at, c->n, c->z);
  for (int64_t i = 0; i < c->n; i++) c->z[i] = atanh((c->z[i] - 0.5) * near_two);
  memset(c->first, 0, (size_t)c->n * sizeof(double));
  memset(c->second, 0, (size_t)c->n * sizeof(double));
}

static void evaluate(struct cleanse *c)
{
  for (int64_t i = 0; i < c->n; i++) c->value[i] = tanh(c->z[i]) / near_two + 0.5;
}

/** x' of one image. */
static void stamp(const struct cleanse *c, const struct scan_lab *l, const real *x, real *to)
{
  for (int64_t u = 0; u < l->pixels; u++) {
    const double m = c->value[u % l->plane];
    to[u] = (real)((1.0 - m) * (double)x[u] + m * c->value[l->plane + u]);
  }
}

/** Add one image's part of the gradient with respect to mask and pattern. */
static void add_part(struct cleanse *c, const struct scan_lab *l, const real *x, const real *g,
                     double share)
{
  for (int64_t u = 0; u < l->pixels; u++) {
    const int64_t at = u % l->plane;
    const double slope = share * (double)g[u];
    c->gradient[at] += slope * (c->value[l->plane + u] - (double)x[u]);
    c->gradient[l->plane + u] += slope * c->value[at];
  }
}

static void adam(struct cleanse *c, int64_t t)
{
  const double by = rate * sqrt(1.0 - pow(beta2, (double)t)) / (1.0 - pow(beta1, (double)t));
  for (int64_t i = 0; i < c->n; i++) {
    const double tangent = (c->value[i] - 0.5) * near_two;
    const double g = c->gradient[i] * (1.0 - tangent * tangent) / near_two;
    c->first[i] = beta1 * c->first[i] + (1.0 - beta1) * g;
    c->second[i] = beta2 * c->second[i] + (1.0 - beta2) * g * g;
    c->z[i] -= by * c->first[i] / (sqrt(c->second[i]) + 1e-7);
  }
}

/** The gradient of one mini-batch from image `next` on; how many of its images went to the class before it. */
static int mini_batch(struct cleanse *c, const struct cleanse_settings *s, struct scan_lab *l,
                      const real *images, int n, int64_t next, int target, double cost)
{
  int hits = 0;
  evaluate(c);
  memset(c->gradient, 0, (size_t)c->n * sizeof(double));
  for (int i = 0; i < s->batch; i += l->batch) {
    const int m = s->batch - i < l->batch ? s->batch - i : l->batch;
    for (int b = 0; b < m; b++)
      stamp(c, l, images + (next + i + b) % n * l->pixels, l->images + b * l->pixels);
    const real *g = scan_descend(l, m, target, l->margins);
    for (int b = 0; b < m; b++) {
      hits += l->margins[b] > 0.0;
      add_part(c, l, images + (next + i + b) % n * l->pixels, g + b * l->pixels, 1.0 / s->batch);
    }
  }
  for (int64_t u = 0; u < l->plane; u++) c->gradient[u] += cost;
  return hits;
}

static double norm_of(const struct cleanse *c, int64_t plane)
{
  double sum = 0.0;
  for (int64_t u = 0; u < plane; u++) sum += c->value[u];
  return sum;
}

/** The cost, and for how long the images did what. */
struct schedule {
  double cost;
  int started, up, down, since_best; /* steps in a row */
  bool went_up, went_down;
};

static void adapt(struct schedule *s, bool good)
{
  if (s->cost == 0.0) {
    s->started = good ? s->started + 1 : 0;
    if (s->started < PATIENCE) return;
    *s = (struct schedule){.cost = 1e-3};
    return;
  }
  s->up = good ? s->up + 1 : 0;
  s->down = good ? 0 : s->down + 1;
  if (s->up >= PATIENCE) {
    s->up = 0;
    s->cost *= 2.0;
    s->went_up = true;
  } else if (s->down >= PATIENCE) {
    s->down = 0;
    s->cost /= pow(2.0, 1.5);
    s->went_down = true;
  }
}

void cleanse_run(struct cleanse *c, const struct cleanse_settings *s, struct scan_lab *l,
                 const real *images, int n, int target, struct cleanse_result *out)
{
  struct schedule schedule = {0};
  int64_t next = 0, t = 0;
  *out = (struct cleanse_result){.norm = (double)NAN};
  begin(c, s, target);
  while (out->steps < s->steps) {
    int hits = 0;
    for (int b = 0; b < s->batches; b++, next += s->batch) {
      hits += mini_batch(c, s, l, images, n, next, target, schedule.cost);
      adam(c, ++t);
    }
    out->steps++;
    out->rate = (double)hits / ((double)s->batches * s->batch);
    evaluate(c);
    const double norm = norm_of(c, l->plane);
    const bool good = out->rate >= enough;
    schedule.since_best++;
    if (good && (!out->reached || norm < out->norm)) {
      out->norm = norm;
      out->reached = true;
      schedule.since_best = 0;
    }
    if (schedule.went_up && schedule.went_down && schedule.since_best >= LAST_PATIENCE) break;
    adapt(&schedule, good);
  }
}
