/** @file
 *  The passes of a plan: one per distinct rule and source of copies, and where each wants signals. */
#include "core/plan_impl.h"
#include "core/weigh.h"

/** The source of an average, made where there is none. */
static int source_of(struct plan_storage *s, const struct average_use *a)
{
  struct plan *p = &s->plan;
  int i = 0;
  while (i < p->n_sources && !average_shares(&s->sources[i].average, a)) i++;
  if (i == p->n_sources) {
    s->sources[i] = (struct plan_source){*a, a->average ? a->average->copies(&a->with) : 1};
    p->n_sources++;
  }
  return i;
}

/** The pass of a method, made where there is none. */
static int pass_of(struct plan_storage *s, const struct method *m)
{
  struct plan *p = &s->plan;
  const int source = source_of(s, &m->average);
  int i = 0;
  while (i < p->n_passes &&
         !(s->passes[i].source == source && rule_same(&s->passes[i].rule, &m->rule)))
    i++;
  if (i == p->n_passes) {
    s->passes[p->n_passes++] =
        (struct plan_pass){.source = source,
                           .reference = -1,
                           .rule = m->rule,
                           .need = s->need + (size_t)i * (size_t)p->graph->n_values,
                           .tapped = s->tapped + (size_t)i * (size_t)p->graph->n_taps};
  }
  return i;
}

/** One pass per distinct rule and source among the methods that are taken somewhere. */
static void make_passes(struct plan_storage *s)
{
  struct plan *p = &s->plan;
  (void)source_of(s, &(const struct average_use){0});
  for (int m = 0; m < p->n_all_methods; m++) s->pass_of[m] = -1;
  for (int t = 0; t < p->n_taps; t++) {
    for (int k = 0; k < plan_tap_all(&s->taps[t]); k++) {
      const int m = s->taps[t].methods[k];
      if (s->methods[m].meta.on) continue;
      const int i = pass_of(s, &s->methods[m]);
      const struct average *a = s->methods[m].average.average;
      s->passes[i].keeps |= a ? a->keeps : 0;
      s->tapped[(size_t)i * (size_t)p->graph->n_taps + (size_t)t] = true;
      s->pass_of[m] = i;
    }
  }
}

/** The pass that makes gradients of weights. */
static void add_weigh_pass(struct plan_storage *s)
{
  struct plan *p = &s->plan;
  const int i = p->n_passes;
  s->passes[p->n_passes++] =
      (struct plan_pass){.reference = -1,
                         .rule = rule_default(rule_find("gradient")),
                         .need = s->need + (size_t)i * (size_t)p->graph->n_values,
                         .tapped = s->tapped + (size_t)i * (size_t)p->graph->n_taps};
  p->weigh_pass = i;
}

/** A signal is wanted at the taps of the pass and wherever it must pass to reach one of them: from
 *  the input upwards, a value needs it if it is tapped or one of its node's inputs needs it. */
static void make_needs(struct plan_storage *s)
{
  const struct graph *g = s->plan.graph;
  for (int i = 0; i < s->plan.n_passes; i++) {
    bool *need = s->need + (size_t)i * (size_t)g->n_values;
    for (int t = 0; t < s->plan.n_taps; t++)
      if (s->passes[i].tapped[t]) need[s->taps[t].value] = true;
    for (int n = 0; n < g->n_nodes; n++) {
      if (plan_weighs(&s->plan, &s->passes[i], n)) need[g->nodes[n].out] = true;
      for (int k = 0; k < g->nodes[n].n_in; k++)
        if (g->nodes[n].in[k] >= 0 && need[g->nodes[n].in[k]]) need[g->nodes[n].out] = true;
    }
  }
}

bool plan_weighs(const struct plan *p, const struct plan_pass *pass, int node)
{
  const struct op *op = p->graph->nodes[node].op;
  if ((int)(pass - p->passes) != p->weigh_pass || !op->weigh) return false;
  for (int k = 0; k < p->sites[node].n_in; k++)
    if (weigh_is_parameter(op, &p->sites[node], k)) return true;
  return false;
}

static unsigned reads_of_backward(const struct plan *p, const struct plan_pass *pass, int node)
{
  const struct node *n = &p->graph->nodes[node];
  bool wanted = false;
  for (int k = 0; k < n->n_in; k++) wanted = wanted || (n->in[k] >= 0 && pass->need[n->in[k]]);
  if (!wanted) return 0;
  const struct override *o = pass->overrides[node];
  if (!o) return op_reads(n->op, &p->sites[node]);
  return (o->reads & ~(unsigned)OP_READS_OWN) |
         (o->reads & OP_READS_OWN ? op_reads(n->op, &p->sites[node]) : 0);
}

unsigned plan_reads(const struct plan *p, const struct plan_pass *pass, int node)
{
  return reads_of_backward(p, pass, node) | (plan_weighs(p, pass, node) ? OP_READS_X : 0);
}

void plan_passes(struct plan_storage *s, bool weighs)
{
  make_passes(s);
  if (weighs) add_weigh_pass(s);
  make_needs(s);
}
