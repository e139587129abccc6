/** @file
 *  What a rule does at every node: its overrides, and what they know of their place. */
#include "core/plan_impl.h"

#include <stdio.h>
#include <string.h>

enum { RULE_INPUTS = 3 }; /* of weighted operators */

static enum op_role role_of(const struct plan *p, int node)
{
  return op_role(p->graph->nodes[node].op, &p->sites[node]);
}

static bool is_weighted(const struct plan *p, int node)
{
  return role_of(p, node) == OP_WEIGHTED;
}

/** The one node that reads a value, or -1. */
static int only_reader(const struct graph *g, int value)
{
  int reader = -1, readers = value == g->output;
  for (int i = 0; i < g->n_nodes; i++) {
    for (int k = 0; k < g->nodes[i].n_in; k++) {
      if (g->nodes[i].in[k] != value) continue;
      reader = i;
      readers++;
    }
  }
  return readers == 1 ? reader : -1;
}

int plan_norm_behind(const struct graph *g, int i)
{
  const int next = only_reader(g, g->nodes[i].out);
  const struct op *op = g->nodes[i].op;
  struct operand in[RULE_INPUTS];
  if (!op->linear || next < 0 || strcmp(g->nodes[next].op->name, "BatchNormalization") != 0)
    return -1;
  const struct op_site at = plan_site(g, i, 1, false, in);
  if (op_role(op, &at) != OP_WEIGHTED || (op->linear->last && op->linear->last(&at))) return -1;
  return next;
}

bool plan_lives_at(const struct graph *g, const struct method *m, int tap)
{
  const int producer = g->values[g->taps[tap]].producer;
  if ((tap && m->input_only) || m->combination.combination) return false;
  if (m->extract->reads_input && (producer < 0 || strcmp(g->nodes[producer].op->name, "Conv") != 0))
    return false;
  return !m->rule.rule->relevance || producer < 0 || plan_norm_behind(g, producer) < 0;
}

/** mark [n_values]: a weighted node lies between the value and the input. */
static void mark_above(const struct plan *p, bool *mark)
{
  const struct graph *g = p->graph;
  memset(mark, 0, (size_t)g->n_values * sizeof *mark);
  for (int i = 0; i < g->n_nodes; i++) {
    bool above = is_weighted(p, i);
    for (int k = 0; k < g->nodes[i].n_in; k++)
      above = above || (g->nodes[i].in[k] >= 0 && mark[g->nodes[i].in[k]]);
    mark[g->nodes[i].out] = above;
  }
}

/** mark [n_values]: a weighted node lies between the value and the logits. */
static void mark_below(const struct plan *p, bool *mark)
{
  const struct graph *g = p->graph;
  memset(mark, 0, (size_t)g->n_values * sizeof *mark);
  for (int i = g->n_nodes - 1; i >= 0; i--) {
    const bool below = is_weighted(p, i) || mark[g->nodes[i].out];
    for (int k = 0; below && k < g->nodes[i].n_in; k++)
      if (g->nodes[i].in[k] >= 0) mark[g->nodes[i].in[k]] = true;
  }
}

/** The value is the model's input, as it is or moved about. */
static bool is_input(const struct plan *p, int value)
{
  const struct graph *g = p->graph;
  const int channels = shape_channels(&g->values[g->input].is.shape);
  while (value != g->input) {
    const int from = g->values[value].producer;
    if (from < 0 || role_of(p, from) != OP_ROUTING || g->nodes[from].n_in < 1) return false;
    value = g->nodes[from].in[0];
    if (value < 0 || shape_channels(&g->values[value].is.shape) != channels) return false;
  }
  return true;
}

static int first_activation(const struct graph *g, int node)
{
  const struct node *n = &g->nodes[node];
  for (int k = 0; k < n->n_in; k++)
    if (n->in[k] >= 0 && !g->values[n->in[k]].is.fixed) return n->in[k];
  return -1;
}

/** Where the nodes stand, for one rule; above and below as marked. */
static void place_sites(struct plan_storage *s, const struct plan_request *r,
                        struct plan_pass *pass, const bool *above, const bool *below)
{
  const struct plan *p = &s->plan;
  const struct graph *g = p->graph;
  struct rule_site *sites = s->rule_sites + (pass - s->passes) * (int64_t)g->n_nodes;
  for (int i = 0; i < g->n_nodes; i++) {
    const int x = first_activation(g, i);
    struct rule_site *site = &sites[i];
    site->use = &pass->rule;
    site->op = g->nodes[i].op;
    site->at = &p->sites[i];
    site->node = g->nodes[i].name;
    if (!is_weighted(p, i)) continue;
    site->first = x >= 0 && !above[x];
    site->last = !below[g->nodes[i].out];
    if (site->first && is_input(p, x)) {
      site->low = r->input_low;
      site->high = r->input_high;
    }
  }
  for (int i = 0; pass->rule.rule->relevance && i < g->n_nodes; i++) {
    const int norm = plan_norm_behind(g, i);
    if (norm < 0) continue;
    sites[i].norm = &p->sites[norm];
    sites[norm].merged = true;
  }
  pass->sites = sites;
}

static void find_overrides(struct plan_storage *s, struct plan_pass *pass)
{
  const struct plan *p = &s->plan;
  const struct override **how = s->overrides + (pass - s->passes) * (int64_t)p->graph->n_nodes;
  for (int i = 0; i < p->graph->n_nodes; i++)
    how[i] = rule_override(pass->rule.rule, p->graph->nodes[i].op, role_of(p, i));
  pass->overrides = how;
}

/** A signal passes node i on its way to a tap of the pass. */
static bool is_passed(const struct graph *g, const struct plan_pass *pass, int i)
{
  for (int k = 0; k < g->nodes[i].n_in; k++)
    if (g->nodes[i].in[k] >= 0 && pass->need[g->nodes[i].in[k]]) return true;
  return false;
}

/** Relevance rules carry what they override and what is moved about; rules with a reference all that is
 *  linear besides. */
static bool is_carried(const struct rule *rule, const struct override *o, enum op_role role)
{
  const bool linear = role == OP_WEIGHTED || role == OP_LINEAR || role == OP_SCALING;
  if (o || role == OP_ROUTING || (rule->differences && linear)) return true;
  return !rule->relevance && !rule->differences;
}

/** An operator has a formula. */
static err check_formula(const struct plan *p, const struct plan_pass *pass, int i)
{
  const struct node *n = &p->graph->nodes[i];
  const struct override *o = pass->overrides[i];
  CHECK(is_carried(pass->rule.rule, o, role_of(p, i)), ERR_UNSUPPORTED,
        "the rule %s has no formula for the operator %s (node '%s'): choose layers behind it, or "
        "another rule",
        pass->rule.rule->name, n->op->name, n->name);
  if (o && o->check) TRY(o->check(&pass->sites[i]));
  return ERR_OK;
}

/** Every operator on the way has a formula, and no tap lies inside what is one. */
static err check_node(const struct plan *p, const struct plan_pass *pass, int i)
{
  const struct graph *g = p->graph;
  const struct node *n = &g->nodes[i];
  const struct rule *rule = pass->rule.rule;
  const int tap = pass->sites[i].norm ? p->tap_of_value[n->out] : -1;
  CHECK(tap < 0 || !pass->tapped[tap], ERR_USAGE,
        "the rule %s has no signal at '%s', which lies inside a convolution and its "
        "BatchNormalization: choose the value behind that, '%s'",
        rule->name, g->values[n->out].name, g->values[g->nodes[only_reader(g, n->out)].out].name);
  if (!is_passed(g, pass, i)) return ERR_OK;
  return check_formula(p, pass, i);
}

/** What every pass does at every node. */
static void make_rules(struct plan_storage *s, const struct plan_request *r)
{
  const struct plan *p = &s->plan;
  bool *mark = s->marks;
  mark_above(p, mark);
  mark_below(p, mark + p->graph->n_values);
  for (int k = 0; k < p->n_passes; k++) {
    place_sites(s, r, &s->passes[k], mark, mark + p->graph->n_values);
    find_overrides(s, &s->passes[k]);
  }
}

err plan_rules(struct plan_storage *s, const struct plan_request *r)
{
  const struct plan *p = &s->plan;
  make_rules(s, r);
  for (int k = 0; k < p->n_passes; k++)
    for (int i = 0; i < p->graph->n_nodes; i++) TRY(check_node(p, &s->passes[k], i));
  return ERR_OK;
}

/** From the logits back: what lies in front of an operator without a formula is not reached. */
void plan_reach_of(struct plan_storage *s, const struct plan_request *r, bool *reached, char *why,
                   int bytes)
{
  const struct graph *g = s->plan.graph;
  bool *lost = s->marks;
  make_rules(s, r);
  memset(lost, 0, (size_t)g->n_values * sizeof *lost);
  for (int i = g->n_nodes - 1; i >= 0; i--) {
    const bool fails = check_formula(&s->plan, &s->passes[0], i) != ERR_OK;
    if (fails && !why[0]) (void)snprintf(why, (size_t)bytes, "%s", err_message());
    for (int k = 0; (fails || lost[g->nodes[i].out]) && k < g->nodes[i].n_in; k++)
      if (g->nodes[i].in[k] >= 0) lost[g->nodes[i].in[k]] = true;
  }
  for (int t = 0; t < g->n_taps; t++) reached[t] = !lost[g->taps[t]];
}
