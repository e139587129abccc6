/** @file
 *  Plans of meta-saliency: each step has a plan of its own, for one sample and one target, over a graph whose
 *  weights are this plan's. */
#include "core/plan_impl.h"
#include "core/weigh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_meta(struct plan_meta *m)
{
  plan_free(&m->plan);
  free(m->values);
  free(m->weights);
  free(m->parameters);
  free(m->method);
}

void plan_free_metas(struct plan_storage *s)
{
  for (int i = 0; s->metas && i < s->plan.n_metas; i++) free_meta(&s->metas[i]);
  free(s->metas);
}

/** Every parameter of the graph once: of *n many, into list where that is not NULL. */
static err list_parameters(const struct graph *g, struct plan_parameter *list, int *n)
{
  int found = 0;
  for (int i = 0; i < g->n_nodes; i++) {
    struct operand in[COMBINATION_INPUTS];
    const struct node *node = &g->nodes[i];
    if (node->n_in > COMBINATION_INPUTS) continue; /* none of these operators has parameters */
    const struct op_site at = combination_site_of(g, node, in);
    CHECK(!weigh_is_missing(node->op, &at), ERR_UNSUPPORTED,
          "meta: there is no gradient of the constants of the operator %s (node '%s'); leave the "
          "method "
          "out for this model",
          node->op->name, node->name);
    for (int k = 0; k < node->n_in; k++) {
      if (!weigh_is_parameter(node->op, &at, k)) continue;
      if (list) {
        list[found] = (struct plan_parameter){
            .value = node->in[k], .from = in[k].data, .n = shape_count(&in[k].shape)};
      }
      found++;
    }
  }
  *n = found;
  return ERR_OK;
}

bool plan_can_step(const struct graph *g, char *why, int bytes)
{
  int n = 0;
  why[0] = 0;
  if (!list_parameters(g, NULL, &n)) return true;
  (void)snprintf(why, (size_t)bytes, "%s", err_message());
  return false;
}

/** A constant that several nodes read is one parameter. */
static void drop_doubles(struct plan_meta *m)
{
  int kept = 0;
  for (int i = 0; i < m->n_parameters; i++) {
    bool seen = false;
    for (int k = 0; k < kept; k++) seen = seen || m->parameters[k].value == m->parameters[i].value;
    if (!seen) m->parameters[kept++] = m->parameters[i];
  }
  m->n_parameters = kept;
}

/** The graph with parameters of its own. */
static err own_graph(struct plan_meta *m, const struct graph *g)
{
  TRY(list_parameters(g, NULL, &m->n_parameters));
  m->parameters = calloc((size_t)m->n_parameters + 1, sizeof *m->parameters);
  m->values = malloc((size_t)g->n_values * sizeof *m->values);
  CHECK(m->parameters && m->values, ERR_MEMORY, "no memory to plan %d nodes", g->n_nodes);
  TRY(list_parameters(g, m->parameters, &m->n_parameters));
  drop_doubles(m);
  for (int i = 0; i < m->n_parameters; i++) m->n_weights += m->parameters[i].n;
  m->weights = calloc((size_t)m->n_weights + 1, sizeof *m->weights);
  CHECK(m->weights, ERR_MEMORY, "no memory for %.1f MiB of weights of meta-saliency",
        (double)m->n_weights * sizeof(real) / 1048576.0);
  memcpy(m->values, g->values, (size_t)g->n_values * sizeof *m->values);
  real *at = m->weights;
  for (int i = 0; i < m->n_parameters; i++) {
    struct plan_parameter *p = &m->parameters[i];
    p->to = at;
    memcpy(at, p->from, (size_t)p->n * sizeof *at);
    m->values[p->value].is.data = at;
    at += p->n;
  }
  m->graph = *g;
  m->graph.values = m->values;
  return ERR_OK;
}

/** The methods of a step, as they are without it, at the taps where they are wanted. */
static err inner_plan(struct plan_meta *m, const struct plan_request *r)
{
  const int n_taps = r->graph->n_taps;
  struct method *methods = calloc((size_t)r->n_methods, sizeof *methods);
  bool *wanted = calloc((size_t)n_taps * (size_t)r->n_methods, sizeof *wanted);
  m->method = calloc((size_t)r->n_methods, sizeof *m->method);
  struct plan_request inner = *r;
  inner.n_methods = 0;
  err e = methods && wanted && m->method
              ? ERR_OK
              : FAIL(ERR_MEMORY, "no memory for %d methods", r->n_methods);
  for (int i = 0; i < r->n_methods && !e; i++) {
    if (!meta_same(&r->methods[i].meta, &m->use)) continue;
    m->method[inner.n_methods] = i;
    methods[inner.n_methods] = r->methods[i];
    methods[inner.n_methods++].meta.on = false;
  }
  for (int t = 0; t < n_taps && !e; t++) {
    for (int i = 0; i < inner.n_methods; i++)
      wanted[t * inner.n_methods + i] = r->wanted[t * r->n_methods + m->method[i]];
  }
  inner.graph = &m->graph;
  inner.batch = inner.n_targets = 1;
  inner.methods = methods;
  inner.wanted = wanted;
  inner.head = inner.part = 0;
  inner.weighs = true;
  inner.prepared = NULL;
  inner.prepared_elsewhere = false;
  if (!e) e = plan_make(&inner, &m->plan);
  free(methods);
  free(wanted);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** Where a map of the inner plan goes in the outer one. */
static void count_meta(struct plan *p, const struct plan_meta *m)
{
  const int64_t times = (int64_t)p->batch * p->n_targets;
  p->n_forward += (int)(times * m->plan->n_forward);
  p->n_backward += (int)(times * m->plan->n_backward);
  p->meta_bytes += m->plan->arena_bytes + m->plan->prepared_bytes + m->plan->average_bytes +
                   2 * m->n_weights * (int64_t)sizeof(real) +
                   (m->plan->rows_floats + m->plan->part_floats) * (int64_t)sizeof(float);
}

err plan_metas(struct plan_storage *s, const struct plan_request *r)
{
  struct plan *p = &s->plan;
  s->metas = calloc((size_t)r->n_methods + 1, sizeof *s->metas);
  CHECK(s->metas, ERR_MEMORY, "no memory for %d methods", r->n_methods);
  p->metas = s->metas;
  for (int i = 0; i < r->n_methods; i++) {
    int k = 0;
    if (!r->methods[i].meta.on) continue;
    while (k < p->n_metas && !meta_same(&s->metas[k].use, &r->methods[i].meta)) k++;
    if (k < p->n_metas) continue;
    struct plan_meta *m = &s->metas[p->n_metas++];
    m->use = r->methods[i].meta;
    TRY(own_graph(m, r->graph));
    TRY(inner_plan(m, r));
    count_meta(p, m);
  }
  if (p->n_metas && !p->n_sizes) /* those keep the unit's input already */
    p->meta_bytes += plan_elements(p, p->graph->input) * (int64_t)sizeof(real);
  return ERR_OK;
}
