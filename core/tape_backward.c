/** @file
 *  Backward over one unit: node by node, with the extracts at every tap that is passed. */
#include "core/tape_impl.h"
#include "core/weigh.h"

#include <assert.h>
#include <string.h>

/** Where the adjoints of the inputs of node i go, and whether they hold nothing yet in this pass. */
static bool gather_adjoints(struct tape *t, const struct plan_pass *pass, int i)
{
  const struct node *n = &t->plan->graph->nodes[i];
  bool any = false;
  for (int k = 0; k < n->n_in; k++) {
    const int v = n->in[k];
    t->dx[k] = NULL;
    t->set[k] = false;
    if (v < 0 || !pass->need[v]) continue;
    t->dx[k] = tape_signal_of(t, i, v);
    any = true;
    t->set[k] = t->fresh[v];
    t->fresh[v] = false;
  }
  return any;
}

/** Begin adjoints with zeros for a backward that only adds. */
static void clear_adjoints(struct tape *t, int i)
{
  const struct plan *p = t->plan;
  const struct node *n = &p->graph->nodes[i];
  for (int k = 0; k < n->n_in; k++) {
    if (!t->set[k]) continue;
    const int64_t count = shape_count(&p->graph->values[n->in[k]].is.shape) * p->sites[i].batch;
    memset(t->dx[k], 0, (size_t)count * sizeof(real));
  }
}

static void node_backward(struct tape *t, const struct plan_pass *pass, int i)
{
  const struct plan *p = t->plan;
  const struct node *n = &p->graph->nodes[i];
  if (!pass->need[n->out] || !gather_adjoints(t, pass, i)) return;
  tape_gather_inputs(t, i);
  const struct override *o = pass->overrides[i];
  const bool can_set = o ? o->can_set : n->op->can_set;
  if (!can_set) clear_adjoints(t, i);
  const struct plan *weights = tape_plan_of(t, i);
  const struct op_bwd c = {
      .at = &weights->sites[i],
      .x = t->x,
      .y = tape_activation(t, i, n->out),
      .aux = tape_aux(t, i),
      .work = tape_at(t, p->work_bwd[i]),
      .dy = tape_signal_of(t, i, n->out),
      .dx = t->dx,
      .set = can_set ? t->set : NULL,
      .rule = &weights->passes[pass - p->passes].sites[i],
      .reference = pass->reference < 0 ? NULL : tape_reference_at(t, pass->reference, i)};
  if (o) {
    o->backward(&c);
  } else {
    n->op->backward(&c);
  }
}

/** The relevance of every sample at a tap. */
static void take_totals(struct tape *t, const struct tape_tap *x)
{
  const struct plan *p = t->plan;
  const struct plan_tap *tap = &p->taps[x->tap];
  const int64_t plane = (int64_t)tap->height * tap->width;
  const int64_t at = ((x->pass - p->passes) * (int64_t)p->n_taps + x->tap) * p->n_targets + x->slot;
  const real *by = x->pass->rule.rule->differences ? x->a : NULL;
  for (int b = 0; b < x->samples; b++) {
    double total = 0.0;
    for (int k = 0; k < tap->channels; k++) {
      const int64_t first = ((int64_t)k * x->samples + b) * plane;
      for (int64_t u = first; u < first + plane; u++)
        total += by ? (double)by[u] * (double)x->g[u] : (double)x->g[u];
    }
    t->totals[at * p->batch + x->first + b] = (float)total;
  }
}

/** All maps at a value in one pass, from activation and signal, if it is tapped: of the whole unit, or
 *  of the current part where the value is the head's.  node: where it is looked at from. */
static void extract_at(struct tape *t, const struct plan_pass *pass, int value, int node, int slot)
{
  const struct plan *p = t->plan;
  const int tap = p->tap_of_value[value];
  const bool whole = node >= p->parts.head;
  if (tap < 0 || !pass->tapped[tap]) return;
  struct tape_tap x = {.plan = p,
                       .pass = pass,
                       .tap = tap,
                       .slot = slot,
                       .first = whole ? 0 : t->part * p->parts.samples,
                       .samples = whole ? p->batch : p->parts.samples,
                       .a = p->kept[value] ? tape_activation(t, node, value) : NULL,
                       .g = tape_signal_of(t, node, value),
                       .work = tape_at(t, p->extract_work[tap]),
                       .rows = tape_rows(t, tap),
                       .part_rows = tape_part_rows(t, tap)};
  tape_give_node(&x);
  if (plan_reads_input(p, tap))
    x.input = tape_activation(t, node, p->graph->nodes[p->graph->values[value].producer].in[0]);
  if (pass->reference >= 0) x.a = tape_reference_difference(t, pass->reference, value, x.a);
  if (tape_average_runs(t)) {
    tape_average_take(t, &x);
    return;
  }
  if (t->watch.see) t->watch.see(t->watch.who, &x);
  if (t->only_watched) return;
  if (pass->rule.rule->conserves) take_totals(t, &x);
  tape_swap(t, &x);
  tape_extract(&x);
}

/** 1 at the class of each sample, into the signal g of the logits. */
static void seed_classes(const struct tape *t, const int *classes, real *g)
{
  const struct plan *p = t->plan;
  const int batch = p->batch;
  memset(g, 0, (size_t)p->graph->classes * (size_t)batch * sizeof *g);
  for (int b = 0; b < batch; b++) {
    assert(classes[b] < p->graph->classes);
    if (classes[b] >= 0) g[(int64_t)classes[b] * batch + b] = REAL(1.0);
  }
}

/** The logits' signal, to be filled; all others hold nothing yet. */
static real *begin_backward(struct tape *t)
{
  const struct plan *p = t->plan;
  for (int v = 0; v < p->graph->n_values; v++) t->fresh[v] = v != p->graph->output;
  t->part = 0;
  return tape_at(t, p->signal[p->graph->output]);
}

/** Gradients of the parameters of node i, of the only sample. */
static void weigh_node(struct tape *t, int i)
{
  const struct plan *p = t->plan;
  const struct node *n = &p->graph->nodes[i];
  tape_gather_inputs(t, i);
  for (int k = 0; k < n->n_in; k++) t->dx[k] = n->in[k] < 0 ? NULL : t->gradients[n->in[k]];
  n->op->weigh->run(&(struct weigh_call){.at = &p->sites[i],
                                         .x = t->x,
                                         .dy = tape_signal_of(t, i, n->out),
                                         .dw = t->dx,
                                         .work = tape_at(t, p->work_bwd[i])});
}

/** Nodes end - 1 down to first. */
static void nodes_backward(struct tape *t, const struct plan_pass *pass, int first, int end,
                           int slot)
{
  for (int i = end - 1; i >= first; i--) {
    tape_tell(t, i, TAPE_EXTRACT);
    const int out = t->plan->graph->nodes[i].out;
    if (out != t->plan->parts.cut) extract_at(t, pass, out, i, slot);
    tape_tell(t, i, TAPE_BACKWARD);
    if (plan_weighs(t->plan, pass, i)) weigh_node(t, i);
    node_backward(t, pass, i);
  }
}

/** The current part, from the cut back to the input. */
static void part_backward(struct tape *t, const struct plan_pass *pass, int slot)
{
  const struct plan *p = t->plan;
  const int cut = p->parts.cut, input = p->graph->input;
  for (int v = 0; v < p->graph->n_values; v++) t->fresh[v] = v != cut;
  tape_copy_part(t, cut, tape_at(t, p->cut_signal), tape_signal_of(t, 0, cut), true);
  nodes_backward(t, pass, 0, p->parts.head, slot);
  tape_tell(t, -1, TAPE_EXTRACT);
  extract_at(t, pass, input, 0, slot);
}

/** From the logits' signal to the deepest tap of the pass. */
static void carry_back(struct tape *t, int pass, int slot)
{
  const struct plan *p = t->plan;
  const struct plan_pass *now = &p->passes[pass];
  const int head = p->parts.head, n = p->graph->n_nodes;
  nodes_backward(t, now, head, n, slot);
  if (head) {
    tape_tell(t, head - 1, TAPE_EXTRACT);
    extract_at(t, now, p->parts.cut, head, slot);
    for (; now->need[p->parts.cut] && t->part < p->parts.n; t->part++) part_backward(t, now, slot);
  } else {
    tape_tell(t, -1, TAPE_EXTRACT);
    extract_at(t, now, p->graph->input, 0, slot);
  }
  tape_tell(t, -1, TAPE_END);
  t->n_backward++;
}

void tape_backward(struct tape *t, int pass, int slot, const int *classes)
{
  seed_classes(t, classes, begin_backward(t));
  carry_back(t, pass, slot);
}

void tape_backward_from(struct tape *t, int pass, int slot, const real *seed)
{
  const struct plan *p = t->plan;
  const size_t n = (size_t)p->graph->classes * (size_t)p->batch;
  memcpy(begin_backward(t), seed, n * sizeof *seed);
  carry_back(t, pass, slot);
}

real *tape_signal(struct tape *t, int value)
{
  return tape_at(t, t->plan->signal[value]);
}

void tape_backward_below(struct tape *t, int pass, int slot, int value)
{
  const struct plan *p = t->plan;
  const struct plan_pass *now = &p->passes[pass];
  assert(!p->parts.head && now->need[value]);
  for (int v = 0; v < p->graph->n_values; v++) t->fresh[v] = v != value;
  t->only_watched = true;
  for (int i = p->graph->values[value].producer; i >= 0; i--) {
    const int out = p->graph->nodes[i].out;
    if (t->fresh[out]) continue; /* no signal arrives there */
    extract_at(t, now, out, i, slot);
    node_backward(t, now, i);
  }
  if (!t->fresh[p->graph->input]) extract_at(t, now, p->graph->input, 0, slot);
  t->only_watched = false;
  t->n_backward++;
}

void tape_weigh(struct tape *t, const real *by, real *const *gradients)
{
  const struct plan *p = t->plan;
  assert(p->weigh_pass >= 0 && p->batch == 1);
  memcpy(begin_backward(t), by, (size_t)p->graph->classes * sizeof *by);
  t->gradients = gradients;
  carry_back(t, p->weigh_pass, 0);
}
