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

enum { OWN_DIMS = 32, OWN_VARS = 8 };

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
  const char **op = pool_take(a->base.pool, (size_t)s->n_chosen, sizeof *op);
  int32_t *index = pool_take(a->base.pool, (size_t)s->n_chosen, sizeof *index);
  if (!op || !index) return;
  for (int k = 0; k < s->n_chosen; k++) {
    op[k] = g->nodes[s->stages[s->chosen[k]].node].op->name;
    index[k] = s->stages[s->chosen[k]].tap;
  }
  a->base.dims[a->base.schema.n_dims++] = attribute_maps_samples("stages", &s->setup);
  attribute_schema_dim(&a->base, "stages", "order", s->n_orders, a->order, "Order of stages");
  attribute_schema_dim(&a->base, "stages", "stage", s->n_chosen, a->stage,
                       "Operator with weights, from the logits back");
  attribute_schema_var(&a->base, &(struct store_var){.group = "stages",
                                                     .name = "operator",
                                                     .type = STORE_TEXT,
                                                     .n_dims = 1,
                                                     .dims = {"stage"},
                                                     .units = "1",
                                                     .data = op,
                                                     .long_name = "Operator of the stage"});
  attribute_schema_var(&a->base, &(struct store_var){.group = "stages",
                                                     .name = "index",
                                                     .type = STORE_I32,
                                                     .n_dims = 1,
                                                     .dims = {"stage"},
                                                     .units = "1",
                                                     .data = index,
                                                     .long_name = "Index of its tap in the model"});
  attribute_schema_var(&a->base,
                       &(struct store_var){.group = "stages",
                                           .name = "predicted",
                                           .type = STORE_I32,
                                           .n_dims = 3,
                                           .dims = {"sample", "order", "stage"},
                                           .units = "1",
                                           .long_name = "Class that the random network predicts"});
}

/** The dimensions that /similarity and /summary have both. */
static void add_axes(struct sanity_schema *a, const char *group)
{
  const struct sanity *s = a->sanity;
  const struct plan *p = s->setup.plan;
  attribute_schema_dim(&a->base, group, "target", s->setup.n_targets, a->base.slots,
                       "Target slot: whose logit is explained");
  attribute_schema_dim(&a->base, group, "order", s->n_orders, a->order, "Order of stages");
  attribute_schema_dim(&a->base, group, "stage", s->n_chosen, a->stage,
                       "Stage back to which, or which alone, weights are random");
  for (int i = 0; i < p->n_places; i++) {
    bool first = false;
    const int set = attribute_maps_set(p, i, &first);
    if (first) {
      attribute_schema_dim(&a->base, group, pool_text(a->base.pool, "method_%d", set),
                           plan_place(p, i)->n_methods,
                           attribute_maps_methods(a->base.pool, &s->setup, i), "Method");
    }
  }
  attribute_schema_dim(&a->base, group, "measure", s->n_measures, a->measure,
                       "How alike the two maps are");
}

static void add_values(struct sanity_schema *a)
{
  const struct plan *p = a->sanity->setup.plan;
  a->base.dims[a->base.schema.n_dims++] = attribute_maps_samples("similarity", &a->sanity->setup);
  add_axes(a, "similarity");
  add_axes(a, "summary");
  summary_dim(&a->base, "summary");
  for (int i = 0; i < p->n_places; i++) {
    bool first = false;
    const char *method = pool_text(a->base.pool, "method_%d", attribute_maps_set(p, i, &first));
    const char *name = a->base.variables[i], *tap = plan_place_name(p, i);
    attribute_schema_var(
        &a->base,
        &(struct store_var){.group = "similarity",
                            .name = name,
                            .type = STORE_F32,
                            .n_dims = 6,
                            .dims = {"sample", "target", "order", "stage", method, "measure"},
                            .units = "1",
                            .long_name = pool_text(a->base.pool, "Similarity of maps at %s", tap)});
    attribute_schema_var(
        &a->base,
        &(struct store_var){.group = "summary",
                            .name = name,
                            .type = STORE_F64,
                            .n_dims = 6,
                            .dims = {"target", "order", "stage", method, "measure", "statistic"},
                            .units = "1",
                            .zero = true,
                            .long_name = pool_text(a->base.pool, "Over samples, at %s", tap)});
  }
}

static void add_convergence(struct sanity_schema *a)
{
  const struct sanity *s = a->sanity;
  const struct plan *p = s->setup.plan;
  const int n = convergence_rules(p, NULL);
  const char **rule = pool_take(a->base.pool, (size_t)n + 1, sizeof *rule);
  const char **start = pool_take(a->base.pool, (size_t)s->n_starts + 1, sizeof *start);
  const char **layer = pool_take(a->base.pool, (size_t)p->n_taps, sizeof *layer);
  int *pass = pool_take(a->base.pool, (size_t)p->n_passes + 1, sizeof *pass);
  if (!s->n_starts || !rule || !start || !layer || !pass) return;
  (void)convergence_rules(p, pass);
  for (int k = 0; k < n; k++) rule[k] = p->passes[pass[k]].rule.with.text;
  for (int k = 0; k < s->n_starts; k++) start[k] = p->graph->values[s->starts[k]].name;
  for (int t = 0; t < p->n_taps; t++) layer[t] = p->graph->values[p->taps[t].value].name;
  a->base.dims[a->base.schema.n_dims++] = attribute_maps_samples("convergence", &s->setup);
  attribute_schema_dim(&a->base, "convergence", "rule", n, rule, "How signals are carried back");
  attribute_schema_dim(&a->base, "convergence", "start", s->n_starts, start,
                       "Layer at which random signals begin");
  attribute_schema_dim(&a->base, "convergence", "layer", p->n_taps, layer,
                       "Layer at which they are compared");
  summary_dim(&a->base, "convergence");
  attribute_schema_var(
      &a->base,
      &(struct store_var){.group = "convergence",
                          .name = "cosine",
                          .type = STORE_F32,
                          .n_dims = 4,
                          .dims = {"sample", "rule", "start", "layer"},
                          .units = "1",
                          .long_name = "Median |cos| of pairs of signals over positions"});
  attribute_schema_var(&a->base,
                       &(struct store_var){.group = "convergence",
                                           .name = "summary",
                                           .type = STORE_F64,
                                           .n_dims = 4,
                                           .dims = {"rule", "start", "layer", "statistic"},
                                           .units = "1",
                                           .zero = true,
                                           .long_name = "The same over samples"});
}

/** Names of stages, orders and measures. */
static void add_names(struct sanity_schema *a)
{
  const struct sanity *s = a->sanity;
  a->stage = pool_take(a->base.pool, (size_t)s->n_chosen, sizeof *a->stage);
  a->order = pool_take(a->base.pool, SANITY_ORDERS, sizeof *a->order);
  a->measure = pool_take(a->base.pool, SANITY_MEASURES, sizeof *a->measure);
  if (!a->stage || !a->order || !a->measure) return;
  for (int k = 0; k < s->n_chosen; k++) a->stage[k] = sanity_stage_name(s, k);
  for (int k = 0; k < s->n_orders; k++) a->order[k] = s->orders[k].name;
  for (int k = 0; k < s->n_measures; k++) a->measure[k] = s->measures[k]->name;
}

static err fill(struct sanity_schema *a, const struct options *o)
{
  struct attribute_schema *b = &a->base;
  const size_t taps = (size_t)b->setup->plan->n_places;
  b->attrs = pool_take(b->pool, ATTRIBUTE_SCHEMA_ATTRS, sizeof *b->attrs);
  b->dims = pool_take(b->pool, ATTRIBUTE_SCHEMA_DIMS + OWN_DIMS + 2 * taps, sizeof *b->dims);
  b->vars = pool_take(b->pool, ATTRIBUTE_SCHEMA_VARS + OWN_VARS + 2 * taps, sizeof *b->vars);
  b->variables = pool_take(b->pool, taps, sizeof *b->variables);
  add_names(a);
  CHECK(!pool_failed(b->pool), ERR_MEMORY, "no memory to describe the file");
  attribute_maps_names(b->pool, b->setup->plan, b->variables);
  TRY(add_root(a, o));
  attribute_schema_samples(b);
  attribute_schema_layers(b);
  attribute_schema_methods(b);
  add_stages(a);
  add_values(a);
  add_convergence(a);
  attribute_schema_checks(b);
  b->schema.attrs = b->attrs;
  b->schema.dims = b->dims;
  b->schema.vars = b->vars;
  CHECK(!pool_failed(b->pool), ERR_MEMORY, "no memory to describe the file");
  return ERR_OK;
}

err sanity_schema_make(const struct sanity *s, const struct options *o, struct sanity_schema **out)
{
  struct pool *pool = pool_make();
  struct sanity_schema *a = pool ? pool_take(pool, 1, sizeof *a) : NULL;
  err e = a ? ERR_OK : FAIL(ERR_MEMORY, "no memory to describe the file");
  if (!e) {
    a->sanity = s;
    a->base.pool = pool;
    a->base.setup = &s->setup;
    e = fill(a, o);
  }
  if (e) {
    pool_free(&pool);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = a;
  return ERR_OK;
}

void sanity_schema_free(struct sanity_schema **a)
{
  if (!*a) return;
  struct pool *pool = (*a)->base.pool; /* holds the schema itself */
  pool_free(&pool);
  *a = NULL;
}

const struct store_schema *sanity_schema_of(const struct sanity_schema *a)
{
  return &a->base.schema;
}

const char *sanity_schema_variable(const struct sanity_schema *a, int i)
{
  return a->base.variables[i];
}
