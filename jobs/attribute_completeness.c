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

void attribute_completeness_schema(struct pool *pool, const struct setup *s,
                                   const char *const *slot, struct store_schema *schema,
                                   struct store_dim *dims, struct store_var *vars)
{
  static const char group[] = "completeness";
  const struct plan *p = s->plan;
  int n = attribute_complete(p);
  const char **name = pool_take(pool, (size_t)n + 1, sizeof *name);
  if (!n || !name) return;
  n = 0;
  for (int i = 0; i < p->n_combinations; i++)
    if (plan_is_complete(p, i)) name[n++] = p->methods[p->combinations[i].method].given;
  dims[schema->n_dims++] = attribute_maps_samples(group, s);
  dims[schema->n_dims++] = (struct store_dim){.group = group,
                                              .name = "target",
                                              .size = s->n_targets,
                                              .text = slot,
                                              .long_name = "Target slot: whose logit is explained"};
  dims[schema->n_dims++] = (struct store_dim){.group = group,
                                              .name = "method",
                                              .size = n,
                                              .text = name,
                                              .long_name = "Method, named as it was asked for"};
  vars[schema->n_vars++] = (struct store_var){
      .group = group,
      .name = "total",
      .type = STORE_F32,
      .n_dims = 3,
      .dims = {"sample", "target", "method"},
      .units = "1",
      .long_name =
          "What the method's terms add up to; the score where every operator is linear or a "
          "rectifier"};
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
