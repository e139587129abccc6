/** @file
 *  Groups and variables of the file of a sanity check. */
#include "jobs/sanity_schema.h"

#include "jobs/attribute_config.h"
#include "jobs/attribute_maps.h"
#include "jobs/attribute_schema_impl.h"
#include "jobs/sanity_convergence.h"
#include "jobs/summary.h"

#include <stdlib.h>
#include <string.h>

struct sanity_schema {
  struct attribute_schema base;
  const struct sanity *sanity;
  const char **stage;   /* [n_chosen] names */
  const char **order;   /* [n_orders] */
  const char **measure; /* [n_measures] */
};

static err add_root(struct sanity_schema *a, const struct options *o)
{
  const struct sanity *s = a->sanity;
  const struct plan *p = s->setup.plan;
  const int64_t networks = 1 + (int64_t)s->n_orders * s->n_chosen;
  const int64_t units = attribute_schema_units(&a->base);
  char *config = NULL;
  TRY(attribute_config_with(&s->setup, o, &config));
  attribute_schema_root(&a->base, o,
                        "Maps of networks with random weights against the trained one's", "sanity",
                        config);
  attribute_schema_passes(&a->base, units * networks * p->n_forward,
                          units * networks * p->n_backward);
  free(config);
  return ERR_OK;
}

static void add_stages(struct sanity_schema *a)
{
  const struct sanity *s = a->sanity;
  const struct graph *g = s->setup.graph;
  const char **op = pool_take(a->base.draft->pool, (size_t)s->n_chosen, sizeof *op);
  int32_t *index = pool_take(a->base.draft->pool, (size_t)s->n_chosen, sizeof *index);
  if (!op || !index) return;
  for (int k = 0; k < s->n_chosen; k++) {
    op[k] = g->nodes[s->stages[s->chosen[k]].node].op->name;
    index[k] = s->stages[s->chosen[k]].tap;
  }
  attribute_maps_samples(a->base.draft, "stages", &s->setup);
  (void)draft_dim(a->base.draft, "stages", "order", s->n_orders, a->order, "Order of stages");
  (void)draft_dim(a->base.draft, "stages", "stage", s->n_chosen, a->stage,
                  "Operator with weights, from the logits back");
  (void)draft_var(a->base.draft, "stages/operator", STORE_TEXT, "stage", "1", op,
                  "Operator of the stage");
  (void)draft_var(a->base.draft, "stages/index", STORE_I32, "stage", "1", index,
                  "Index of its tap in the model");
  (void)draft_var(a->base.draft, "stages/predicted", STORE_I32, "sample order stage", "1", NULL,
                  "Class that the random network predicts");
}

/** The dimensions that /similarity and /summary have both. */
static void add_axes(struct sanity_schema *a, const char *group)
{
  const struct sanity *s = a->sanity;
  const struct plan *p = s->setup.plan;
  (void)draft_dim(a->base.draft, group, "target", s->setup.n_targets, a->base.slots,
                  "Target slot: whose logit is explained");
  (void)draft_dim(a->base.draft, group, "order", s->n_orders, a->order, "Order of stages");
  (void)draft_dim(a->base.draft, group, "stage", s->n_chosen, a->stage,
                  "Stage back to which, or which alone, weights are random");
  for (int i = 0; i < p->n_places; i++) {
    bool first = false;
    const int set = attribute_maps_set(p, i, &first);
    if (first) {
      (void)draft_dim(a->base.draft, group, pool_text(a->base.draft->pool, "method_%d", set),
                      plan_place(p, i)->n_methods,
                      attribute_maps_methods(a->base.draft->pool, &s->setup, i), "Method");
    }
  }
  (void)draft_dim(a->base.draft, group, "measure", s->n_measures, a->measure,
                  "How alike the two maps are");
}

static void add_values(struct sanity_schema *a)
{
  const struct plan *p = a->sanity->setup.plan;
  attribute_maps_samples(a->base.draft, "similarity", &a->sanity->setup);
  add_axes(a, "similarity");
  add_axes(a, "summary");
  summary_dim(&a->base, "summary");
  for (int i = 0; i < p->n_places; i++) {
    bool first = false;
    const char *method =
        pool_text(a->base.draft->pool, "method_%d", attribute_maps_set(p, i, &first));
    const char *name = a->base.variables[i], *tap = plan_place_name(p, i);
    (void)draft_var(a->base.draft, pool_text(a->base.draft->pool, "similarity/%s", name), STORE_F32,
                    pool_text(a->base.draft->pool, "sample target order stage %s measure", method),
                    "1", NULL, pool_text(a->base.draft->pool, "Similarity of maps at %s", tap));
    draft_var(a->base.draft, pool_text(a->base.draft->pool, "summary/%s", name), STORE_F64,
              pool_text(a->base.draft->pool, "target order stage %s measure statistic", method),
              "1", NULL, pool_text(a->base.draft->pool, "Over samples, at %s", tap))
        ->zero = true;
  }
}

static void add_convergence(struct sanity_schema *a)
{
  const struct sanity *s = a->sanity;
  const struct plan *p = s->setup.plan;
  const int n = convergence_rules(p, NULL);
  const char **rule = pool_take(a->base.draft->pool, (size_t)n + 1, sizeof *rule);
  const char **start = pool_take(a->base.draft->pool, (size_t)s->n_starts + 1, sizeof *start);
  const char **layer = pool_take(a->base.draft->pool, (size_t)p->n_taps, sizeof *layer);
  int *pass = pool_take(a->base.draft->pool, (size_t)p->n_passes + 1, sizeof *pass);
  if (!s->n_starts || !rule || !start || !layer || !pass) return;
  (void)convergence_rules(p, pass);
  for (int k = 0; k < n; k++) rule[k] = p->passes[pass[k]].rule.with.text;
  for (int k = 0; k < s->n_starts; k++) start[k] = p->graph->values[s->starts[k]].name;
  for (int t = 0; t < p->n_taps; t++) layer[t] = p->graph->values[p->taps[t].value].name;
  attribute_maps_samples(a->base.draft, "convergence", &s->setup);
  (void)draft_dim(a->base.draft, "convergence", "rule", n, rule, "How signals are carried back");
  (void)draft_dim(a->base.draft, "convergence", "start", s->n_starts, start,
                  "Layer at which random signals begin");
  (void)draft_dim(a->base.draft, "convergence", "layer", p->n_taps, layer,
                  "Layer at which they are compared");
  summary_dim(&a->base, "convergence");
  (void)draft_var(a->base.draft, "convergence/cosine", STORE_F32, "sample rule start layer", "1",
                  NULL, "Median |cos| of pairs of signals over positions");
  draft_var(a->base.draft, "convergence/summary", STORE_F64, "rule start layer statistic", "1",
            NULL, "The same over samples")
      ->zero = true;
}

/** Names of stages, orders and measures. */
static void add_names(struct sanity_schema *a)
{
  const struct sanity *s = a->sanity;
  a->stage = pool_take(a->base.draft->pool, (size_t)s->n_chosen, sizeof *a->stage);
  a->order = pool_take(a->base.draft->pool, SANITY_ORDERS, sizeof *a->order);
  a->measure = pool_take(a->base.draft->pool, SANITY_MEASURES, sizeof *a->measure);
  if (!a->stage || !a->order || !a->measure) return;
  for (int k = 0; k < s->n_chosen; k++) a->stage[k] = sanity_stage_name(s, k);
  for (int k = 0; k < s->n_orders; k++) a->order[k] = s->orders[k].name;
  for (int k = 0; k < s->n_measures; k++) a->measure[k] = s->measures[k]->name;
}

static err fill(struct sanity_schema *a, const struct options *o)
{
  struct attribute_schema *b = &a->base;
  attribute_schema_names(b);
  add_names(a);
  TRY(draft_end(b->draft));
  TRY(add_root(a, o));
  attribute_schema_samples(b);
  attribute_schema_layers(b);
  attribute_schema_methods(b);
  add_stages(a);
  add_values(a);
  add_convergence(a);
  attribute_schema_checks(b);
  return draft_end(b->draft);
}

err sanity_schema_make(const struct sanity *s, const struct options *o,
                       struct attribute_schema **out)
{
  struct sanity_schema *a = (struct sanity_schema *)attribute_schema_begin(sizeof *a, &s->setup);
  CHECK(a, ERR_MEMORY, "no memory to describe the file");
  a->sanity = s;
  *out = &a->base;
  const err e = fill(a, o);
  if (e) attribute_schema_free(out);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}
