/** @file
 *  Marks of maps that say nothing, and relevance that should be conserved. */
#include "jobs/attribute_marks.h"

#include "jobs/attribute_maps.h"

#include <math.h>
#include <string.h>

int attribute_conserving(const struct plan *p, int *pass)
{
  int n = 0;
  for (int i = 0; i < p->n_passes; i++) {
    if (p->passes[i].source || !p->passes[i].rule.rule->conserves) continue;
    if (pass) pass[n] = i;
    n++;
  }
  return n;
}

static void add_dims(struct draft *d, const struct setup *s, const char *const *slot,
                     const char *group, int n_layers)
{
  const struct plan *p = s->plan;
  const char **layer = pool_take(d->pool, (size_t)n_layers, sizeof *layer);
  for (int i = 0; layer && i < n_layers; i++) layer[i] = plan_place_name(p, i);
  attribute_maps_samples(d, group, s);
  (void)draft_dim(d, group, "target", s->n_targets, slot, "Target slot: whose logit is explained");
  (void)draft_dim(d, group, "layer", n_layers, layer, "Tap: a value of the model's graph");
}

static void add_marks(struct draft *d, const struct setup *s)
{
#define E(name, value, word) {value, word},
  static const struct draft_flag flags[] = {MAP_MARK_LIST(E)};
#undef E
  const char **name = pool_take(d->pool, (size_t)s->n_methods, sizeof *name);
  for (int i = 0; name && i < s->n_methods; i++) name[i] = s->methods[i].given;
  (void)draft_dim(d, "marks", "method", s->n_methods, name, "Method, named as it was asked for");
  struct store_var *v =
      draft_var(d, "marks/mark", STORE_U8, "sample target layer method", "1", NULL,
                "What the map holds; only a varied one can be ranked or scaled");
  draft_flags(d, v, flags, sizeof flags / sizeof *flags);
}

static void add_relevance(struct draft *d, const struct setup *s, const int *pass, int n)
{
  const char **name = pool_take(d->pool, (size_t)n, sizeof *name);
  for (int i = 0; name && i < n; i++) name[i] = s->plan->passes[pass[i]].rule.with.text;
  (void)draft_dim(d, "relevance", "rule", n, name, "Rule that conserves relevance");
  (void)draft_var(d, "relevance/total", STORE_F32, "sample target layer rule", "1", NULL,
                  "Relevance that arrives at the tap, summed; what was put on the logit is 1, or "
                  "the score's difference from the reference's");
}

void attribute_marks_schema(struct draft *d, const struct setup *s, const char *const *slot)
{
  int *pass = pool_take(d->pool, (size_t)s->plan->n_passes + 1, sizeof *pass);
  const int n = pass ? attribute_conserving(s->plan, pass) : 0;
  add_dims(d, s, slot, "marks", s->plan->n_places);
  add_marks(d, s);
  if (!n) return;
  add_dims(d, s, slot, "relevance", plan_tap_places(s->plan));
  add_relevance(d, s, pass, n);
}

static uint8_t mark_of(const float *map, int64_t n)
{
  bool same = true;
  for (int64_t u = 0; u < n; u++) {
    if (!isfinite(map[u])) return MARK_NOT_FINITE;
    same = same && map[u] == map[0];
  }
  return !same ? MARK_VARIED : map[0] == 0.0F ? MARK_ZERO : MARK_CONSTANT;
}

void attribute_marks_take(struct tape *t, const struct plan *p, int count, const int32_t *target,
                          uint8_t *marks)
{
  const int64_t each = (int64_t)p->n_places * p->n_methods;
  memset(marks, MARK_ABSENT, (size_t)((int64_t)count * p->n_targets * each));
  for (int i = 0; i < p->n_places; i++) {
    const struct plan_tap *tap = plan_place(p, i);
    const int64_t n = (int64_t)tap->height * tap->width;
    const float *rows = tape_rows(t, p->places[i]);
    for (int64_t row = 0; row < (int64_t)count * p->n_targets; row++) {
      for (int k = 0; target[row] >= 0 && k < tap->n_methods; k++) {
        marks[row * each + (int64_t)i * p->n_methods + tap->methods[k]] =
            mark_of(rows + (row * tap->n_methods + k) * n, n);
      }
    }
  }
}

void attribute_marks_totals(const struct tape *t, const struct plan *p, int count,
                            const int32_t *target, float *totals)
{
  const float *from = tape_totals(t);
  int64_t at = 0;
  for (int64_t row = 0; row < (int64_t)count * p->n_targets; row++) {
    const int64_t b = row / p->n_targets, slot = row % p->n_targets;
    for (int place = 0; place < plan_tap_places(p); place++) {
      const int tap = p->places[place];
      for (int i = 0; i < p->n_passes; i++) {
        if (p->passes[i].source || !p->passes[i].rule.rule->conserves) continue;
        const int64_t k = (((int64_t)i * p->n_taps + tap) * p->n_targets + slot) * p->batch + b;
        totals[at++] = target[row] < 0 ? NAN : from[k];
      }
    }
  }
}
