/** @file
 *  Logits, rates and gains with a map added. */
#include "jobs/classmap_measure.h"

#include "jobs/classmap_summary.h"

#include <stdlib.h>
#include <string.h>

err classmap_measure_make(const struct classmap *c, struct classmap_rows *rows,
                          struct classmap_measure *m)
{
  const int64_t looked = c->n_images > c->held_out ? c->n_images : c->held_out;
  const size_t logits = (size_t)looked * (size_t)c->setup->graph->classes;
  *m = (struct classmap_measure){.c = c, .rows = rows};
  m->logits = calloc(logits, sizeof *m->logits);
  m->base = calloc(logits, sizeof *m->base);
  CHECK(m->logits && m->base, ERR_MEMORY, "no memory for the logits of %lld images",
        (long long)looked);
  return ERR_OK;
}

void classmap_measure_free(struct classmap_measure *m)
{
  free(m->logits);
  free(m->base);
}

/** Mean logit of a class over n images, and the share of them that the model gives it. */
static void measure(const struct classmap_measure *m, int n, int class, real *logit, real *rate)
{
  const int classes = m->c->setup->graph->classes;
  double sum = 0.0;
  int hits = 0;
  for (int i = 0; i < n; i++) {
    const real *l = m->logits + (int64_t)i * classes;
    sum += (double)l[class];
    hits += class_largest(l, classes, -1) == class;
  }
  if (logit) *logit = (real)(sum / n);
  *rate = (real)((double)hits / n);
}

/** Logits of the held-out samples with a map added; the same samples for every class and variant. */
static void look(struct classmap_measure *m, const struct class_team *team, const real *map,
                 double factor)
{
  const struct class_look held_out = {.images = &m->c->variants[0].images,
                                      .first = class_map_held_out,
                                      .n = m->c->held_out,
                                      .map = map,
                                      .factor = factor};
  class_map_look(m->map, &held_out, team, m->logits);
}

void classmap_measure_step(struct classmap_measure *m, const struct class_team *team, int class)
{
  const struct classmap *c = m->c;
  const int64_t t = class_map_iteration(m->map);
  const real *p = class_map_state(m->map);
  if (t % c->every) return;
  const int64_t k = t / c->every;
  memcpy(m->rows->row[CLASSMAP_ITERATE] + k * c->pixels, p, (size_t)c->pixels * sizeof *p);
  look(m, team, p, 1.0);
  measure(m, c->held_out, class, &m->rows->row[CLASSMAP_STEP_LOGIT][k],
          &m->rows->row[CLASSMAP_STEP_RATE][k]);
}

/** Logits and rates with multiples of a map. */
static void measure_factors(struct classmap_measure *m, const struct class_team *team, int class,
                            const real *map, int logit, int rate, int image_rate)
{
  const struct classmap *c = m->c;
  const struct class_images given = {.given = c->images, .n_given = c->n_images};
  for (int k = 0; k < CLASSMAP_FACTORS; k++) {
    look(m, team, map, classmap_factors[k]);
    measure(m, c->held_out, class, &m->rows->row[logit][k], &m->rows->row[rate][k]);
    if (!c->images) continue;
    const struct class_look all = {.images = &given,
                                   .numbered = CLASS_MAP_IN_ORDER,
                                   .n = (int)c->n_images,
                                   .map = map,
                                   .factor = classmap_factors[k]};
    class_map_look(m->map, &all, team, m->logits);
    measure(m, (int)c->n_images, class, NULL, &m->rows->row[image_rate][k]);
  }
}

/** Mean gain of every logit. */
static void measure_gain(struct classmap_measure *m, const struct class_team *team, int class)
{
  const struct classmap *c = m->c;
  const int classes = c->setup->graph->classes;
  look(m, team, NULL, 0.0);
  measure(m, c->held_out, class, m->rows->row[CLASSMAP_BASE_LOGIT],
          m->rows->row[CLASSMAP_BASE_RATE]);
  memcpy(m->base, m->logits, (size_t)c->held_out * (size_t)classes * sizeof *m->base);
  look(m, team, class_map_state(m->map), 1.0);
  for (int k = 0; k < classes; k++) {
    double sum = 0.0;
    for (int i = 0; i < c->held_out; i++) {
      const int64_t at = (int64_t)i * classes + k;
      sum += (double)m->logits[at] - (double)m->base[at];
    }
    m->rows->row[CLASSMAP_GAIN][k] = (real)(sum / c->held_out);
  }
}

void classmap_measure_end(struct classmap_measure *m, const struct class_team *team, int class)
{
  const struct classmap *c = m->c;
  const real *state = class_map_state(m->map);
  memcpy(m->rows->row[CLASSMAP_MAP], state, (size_t)c->pixels * sizeof *state);
  class_map_refine(m->map, m->rows->row[CLASSMAP_REFINED]);
  m->rows->row[CLASSMAP_HALVES_COSINE][0] = (real)classmap_cosine(
      state + CLASS_MAP_EVEN * c->pixels, state + CLASS_MAP_ODD * c->pixels, c->pixels);
  measure_gain(m, team, class);
  measure_factors(m, team, class, state, CLASSMAP_LOGIT, CLASSMAP_RATE, CLASSMAP_IMAGE_RATE);
  measure_factors(m, team, class, m->rows->row[CLASSMAP_REFINED], CLASSMAP_REFINED_LOGIT,
                  CLASSMAP_REFINED_RATE, CLASSMAP_REFINED_IMAGE_RATE);
}
