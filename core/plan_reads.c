/** @file
 *  Up to which step of a unit an activation is read. */
#include "core/plan_layout.h"

unsigned layout_reads(const struct plan *p, int node)
{
  unsigned reads = 0;
  for (int k = 0; k < p->n_passes; k++) reads |= plan_reads(p, &p->passes[k], node);
  const int tap = p->tap_of_value[p->graph->nodes[node].out];
  if (tap >= 0 && plan_reads_input(p, tap)) reads |= OP_READS_X;
  return reads;
}

/** Last steps, forward and backward, at which node i reads a value's activation; raised only. */
static void node_last(const struct layout *l, int i, int value, int *forward, int *backward)
{
  const struct node *n = &l->s->plan.graph->nodes[i];
  const unsigned reads = layout_reads(&l->s->plan, i);
  bool is_input = false;
  for (int k = 0; k < n->n_in; k++) is_input = is_input || n->in[k] == value;
  if (is_input) *forward = layout_later(*forward, layout_forward(i));
  if ((is_input && reads & OP_READS_X) || (n->out == value && reads & OP_READS_Y))
    *backward = layout_later(*backward, layout_backward(l, i));
}

/** What is read off a method's tap: under a rule with a reference differences are summed up, too. */
static bool reads_activation(const struct method *m)
{
  return m->extract->reads_activation || m->rule.rule->differences;
}

/** An extract of some method at this value reads its activation. */
static bool extracts_read(const struct plan *p, int value)
{
  const int tap = p->tap_of_value[value];
  for (int m = 0; tap >= 0 && m < plan_tap_all(&p->taps[tap]); m++)
    if (reads_activation(&p->methods[p->taps[tap].methods[m]])) return true;
  return false;
}

/** Nodes at which forward may begin again read what is made before them. */
static bool is_resumed_from(const struct plan *p, int value)
{
  const struct graph *g = p->graph;
  bool resumed = false;
  if (!p->resume) return false;
  for (int i = 0; i < g->n_nodes; i++) {
    resumed = resumed || (p->resume[i] && i > g->values[value].producer);
    for (int k = 0; resumed && k < g->nodes[i].n_in; k++)
      if (g->nodes[i].in[k] == value) return true;
  }
  return false;
}

int layout_last_read(struct layout *l, int value, struct layout_readers who, bool *read_again)
{
  const struct plan *p = &l->s->plan;
  const int extracts = layout_extracts(l, value);
  int forward = value == p->graph->output ? layout_seed(l) : 0, backward = 0;
  for (int i = who.first; i < who.last; i++) node_last(l, i, value, &forward, &backward);
  if (who.extracts && extracts_read(p, value)) backward = layout_later(backward, extracts);
  if (is_resumed_from(p, value)) backward = layout_last(l);
  /* read by a consumer only, it may be gone before the extracts of this value run */
  if (who.extracts) l->s->kept[value] = backward > 0 && (l->repeats || backward >= extracts);
  read_again[value] = backward > 0;
  if (backward && (l->repeats || layout_in_head(p, value))) return layout_last(l);
  return layout_later(forward, backward);
}
