/** @file
 *  Values that share memory: results of operators that work in place. */
#include "core/plan_impl.h"

/** Node i has a single use of its first input, of the output's size and not across the cut. */
static bool is_single(const struct plan *p, int i)
{
  const struct graph *g = p->graph;
  const struct node *n = &g->nodes[i];
  if (!n->n_in || n->in[0] < 0 || g->values[n->in[0]].is.fixed) return false;
  if (n->in[0] == p->parts.cut) return false; /* whole there, in parts where it is made */
  for (int k = 1; k < n->n_in; k++)
    if (n->in[k] == n->in[0]) return false;
  return shape_count(&g->values[n->in[0]].is.shape) == shape_count(&g->values[n->out].is.shape);
}

/** No node after i reads value x. */
static bool is_last_reader(const struct graph *g, int i, int x)
{
  for (int later = i + 1; later < g->n_nodes; later++) {
    for (int k = 0; k < g->nodes[later].n_in; k++)
      if (g->nodes[later].in[k] == x) return false;
  }
  return x != g->output;
}

void plan_alias_activations(const struct plan *p, const bool *read_again, int *root)
{
  const struct graph *g = p->graph;
  for (int v = 0; v < g->n_values; v++) root[v] = v;
  for (int i = 0; i < g->n_nodes; i++) {
    const int x = g->nodes[i].n_in ? g->nodes[i].in[0] : -1;
    if (g->nodes[i].op->in_place & OP_IN_PLACE_FORWARD && is_single(p, i) && !read_again[x] &&
        is_last_reader(g, i, x))
      root[g->nodes[i].out] = root[x];
  }
}

/** Under every rule the node's backward may write dx[0] on dy. */
static bool backward_in_place(const struct plan *p, int i)
{
  const struct op *op = p->graph->nodes[i].op;
  if (!(op->in_place & OP_IN_PLACE_BACKWARD)) return false;
  for (int k = 0; k < p->n_passes; k++) {
    const struct override *o = p->passes[k].overrides[i];
    if (o && !o->can_set) return false;
  }
  return true;
}

/** The last node before i that reads value x; -1 for none. */
static int reader_before(const struct graph *g, int i, int x)
{
  while (--i >= 0) {
    for (int k = 0; k < g->nodes[i].n_in; k++)
      if (g->nodes[i].in[k] == x) return i;
  }
  return -1;
}

/** Whether backward of the node that makes x may write over the signal of x. */
static bool is_overwritten(const struct graph *g, int x)
{
  return g->values[x].producer >= 0 &&
         g->nodes[g->values[x].producer].op->in_place & OP_IN_PLACE_BACKWARD;
}

/** Two inputs of node i may both have their signals on that of its output: `brief` is read by the node
 *  that makes it, and left as it is, before anybody changes `lasting`. */
static bool may_share(const struct graph *g, int i, int brief, int lasting)
{
  const int end = g->values[brief].producer;
  return reader_before(g, i, brief) < 0 && !is_overwritten(g, brief) &&
         end > reader_before(g, i, lasting) &&
         (!is_overwritten(g, lasting) || g->values[lasting].producer < end);
}

/** The signal of node i's second input may lie where those of its output and of its first input do. */
static bool second_in_place(const struct plan *p, int i, const int *root)
{
  const struct graph *g = p->graph;
  const struct node *n = &g->nodes[i];
  if (!(n->op->in_place & OP_IN_PLACE_BOTH) || root[n->in[0]] != root[n->out]) return false;
  const int x = n->in[1];
  for (int k = 0; k < p->n_passes; k++)
    if (p->passes[k].overrides[i]) return false;
  return !g->values[x].is.fixed && x != p->parts.cut && is_last_reader(g, i, x) &&
         shape_count(&g->values[x].is.shape) == shape_count(&g->values[n->out].is.shape) &&
         (may_share(g, i, n->in[0], x) || may_share(g, i, x, n->in[0]));
}

void plan_alias_signals(const struct plan *p, int *root)
{
  const struct graph *g = p->graph;
  for (int v = 0; v < g->n_values; v++) root[v] = v;
  for (int i = g->n_nodes - 1; i >= 0; i--) {
    const int x = g->nodes[i].n_in ? g->nodes[i].in[0] : -1;
    if (backward_in_place(p, i) && is_single(p, i) && is_last_reader(g, i, x))
      root[x] = root[g->nodes[i].out];
    if (second_in_place(p, i, root)) root[g->nodes[i].in[1]] = root[g->nodes[i].out];
  }
}
