/** @file
 *  Sums that should be the score. */
#include "jobs/attribute_completeness.h"

#include "jobs/attribute_maps.h"

#include <math.h>

int attribute_complete(const struct plan *p)
{
  int n = 0;
  for (int i = 0; i < p->n_combinations; i++) n += plan_is_complete(p, i);
  return n;
}

void attribute_completeness_schema(struct draft *d, const struct setup *s, const char *const *slot)
{
  static const char group[] = "completeness";
  const struct plan *p = s->plan;
  int n = attribute_complete(p);
  const char **name = pool_take(d->pool, (size_t)n + 1, sizeof *name);
  if (!n || !name) return;
  n = 0;
  for (int i = 0; i < p->n_combinations; i++)
    if (plan_is_complete(p, i)) name[n++] = p->methods[p->combinations[i].method].given;
  attribute_maps_samples(d, group, s);
  (void)draft_dim(d, group, "target", s->n_targets, slot, "Target slot: whose logit is explained");
  (void)draft_dim(d, group, "method", n, name, "Method, named as it was asked for");
  (void)draft_var(
      d, "completeness/total", STORE_F32, "sample target method", "1", NULL,
      "What the method's terms add up to; the score where every operator is linear or a "
      "rectifier");
}

void attribute_completeness_take(const struct tape *t, const struct plan *p, int count,
                                 const int32_t *target, float *totals)
{
  const float *sums = tape_sums_of_parts(t);
  for (int b = 0; b < count; b++) {
    for (int slot = 0; slot < p->n_targets; slot++) {
      for (int i = 0; i < p->n_combinations; i++) {
        const float sum = sums[((int64_t)i * p->n_targets + slot) * p->batch + b];
        if (plan_is_complete(p, i)) *totals++ = target[b * p->n_targets + slot] < 0 ? NAN : sum;
      }
    }
  }
}
