/** @file
 *  Lifetimes of everything a unit needs, and their places in one arena.
 *
 *  Steps, for n nodes: 0 the input is filled; i + 1 node i forward; n + 1 the seed; n + 2 + (n-1-i)
 *  node i backward; 2n + 2 the extracts at the input.  With several passes (rules x targets) the
 *  backward steps are run again, so what a pass reads then lives to the end. */
#include <stdlib.h>

#include "core/arena.h"
#include "core/plan_impl.h"

struct layout {
  struct plan_storage *s;
  int n; /* nodes */
  bool repeats;
  struct span *span;
  int64_t **home; /* where the offset of span k goes */
  int n_spans, max_spans;
};

static int forward_step(int node) { return node + 1; }
static int seed_step(const struct layout *l) { return l->n + 1; }
static int backward_step(const struct layout *l, int node) { return l->n + 2 + (l->n - 1 - node); }
static int last_step(const struct layout *l) { return 2 * l->n + 2; }

/** The step at which the extracts of a value run: just before its node goes back. */
static int extract_step(const struct layout *l, int value)
{
  const int producer = l->s->plan.graph->values[value].producer;
  return producer < 0 ? last_step(l) : backward_step(l, producer);
}

static void add(struct layout *l, int64_t bytes, int first, int last, int64_t *home)
{
  *home = -1;
  if (bytes <= 0) return;
  l->span[l->n_spans] = (struct span){.bytes = bytes, .first = first, .last = last};
  l->home[l->n_spans++] = home;
}

static int64_t value_bytes(const struct plan *p, int value)
{
  return shape_count(&p->graph->values[value].is.shape) * p->batch * (int64_t)sizeof(real);
}

static int later(int a, int b) { return a > b ? a : b; }

/** Last step at which a value's activation is read; marks it as kept when that is at its extracts or
 *  after them. */
static int activation_last(struct layout *l, int value)
{
  const struct plan *p = &l->s->plan;
  const struct graph *g = p->graph;
  int forward = value == g->output ? seed_step(l) : 0, backward = 0;
  for (int i = 0; i < g->n_nodes; i++) {
    unsigned reads = 0;
    for (int k = 0; k < p->n_passes; k++) reads |= plan_reads(p, &p->passes[k], i);
    if (g->nodes[i].out == value && reads & OP_READS_Y) backward = later(backward, backward_step(l, i));
    for (int k = 0; k < g->nodes[i].n_in; k++) {
      if (g->nodes[i].in[k] == value) {
        forward = later(forward, forward_step(i));
        if (reads & OP_READS_X) backward = later(backward, backward_step(l, i));
      }
}
  }
  const int tap = p->tap_of_value[value];
  for (int m = 0; tap >= 0 && m < p->taps[tap].n_methods; m++) {
    if (p->methods[p->taps[tap].methods[m]].extract->reads_activation)
      backward = later(backward, extract_step(l, value));
}
  /* read by a consumer only, it may be gone before the extracts of this value run */
  l->s->kept[value] = backward > 0 && (l->repeats || backward >= extract_step(l, value));
  if (backward && l->repeats) return last_step(l);
  return later(forward, backward);
}

static void add_activations(struct layout *l)
{
  const struct plan *p = &l->s->plan;
  const struct graph *g = p->graph;
  for (int v = 0; v < g->n_values; v++) l->s->activation[v] = l->s->signal[v] = -1;
  for (int t = 0; t < g->n_taps; t++) {
    const int v = g->taps[t], producer = g->values[v].producer;
    const int first = producer < 0 ? 0 : forward_step(producer);
    add(l, value_bytes(p, v), first, later(first, activation_last(l, v)), &l->s->activation[v]);
  }
}

static void add_signals(struct layout *l)
{
  const struct plan *p = &l->s->plan;
  const struct graph *g = p->graph;
  for (int t = 0; t < g->n_taps; t++) {
    const int v = g->taps[t];
    bool need = false;
    for (int k = 0; k < p->n_passes; k++) need = need || p->passes[k].need[v];
    if (!need) continue;
    int first = v == g->output ? seed_step(l) : last_step(l);
    for (int i = 0; i < g->n_nodes; i++) {
      for (int k = 0; k < g->nodes[i].n_in; k++)
        if (g->nodes[i].in[k] == v && backward_step(l, i) < first) first = backward_step(l, i);
}
    add(l, value_bytes(p, v), first, extract_step(l, v), &l->s->signal[v]);
  }
}

static size_t backward_work(const struct plan *p, int node)
{
  const struct op *op = p->graph->nodes[node].op;
  const size_t own = op->work_bytes ? op->work_bytes(&p->sites[node]) : 0;
  size_t most = own;
  for (int k = 0; k < p->n_passes; k++) {
    const struct override *o = rule_override(p->passes[k].rule, op);
    const size_t bytes = o ? (o->work_bytes ? o->work_bytes(&p->sites[node]) : 0) : own;
    most = bytes > most ? bytes : most;
  }
  return most;
}

static void add_nodes(struct layout *l)
{
  const struct plan *p = &l->s->plan;
  for (int i = 0; i < l->n; i++) {
    const struct op *op = p->graph->nodes[i].op;
    const struct op_site *at = &p->sites[i];
    unsigned reads = 0;
    for (int k = 0; k < p->n_passes; k++) reads |= plan_reads(p, &p->passes[k], i);
    const int back = l->repeats ? last_step(l) : backward_step(l, i);
    add(l, op->aux_bytes ? (int64_t)op->aux_bytes(at) : 0, forward_step(i),
        reads & OP_READS_AUX ? back : forward_step(i), &l->s->aux[i]);
    add(l, op->work_bytes ? (int64_t)op->work_bytes(at) : 0, forward_step(i), forward_step(i),
        &l->s->work_fwd[i]);
    add(l, (int64_t)backward_work(p, i), backward_step(l, i), backward_step(l, i),
        &l->s->work_bwd[i]);
  }
}

/** Stats of a, of g and of the extract, then the extract's own planes. */
static int64_t extract_bytes(const struct plan_tap *t)
{
  const int64_t positions = (int64_t)t->height * t->width;
  const int64_t own = extract_work_planes() * positions;
  return (15 * positions + (own > t->channels ? own : t->channels)) * (int64_t)sizeof(double);
}

static void add_extracts(struct layout *l)
{
  const struct plan *p = &l->s->plan;
  for (int t = 0; t < p->n_taps; t++) {
    const int step = extract_step(l, p->taps[t].value);
    add(l, extract_bytes(&p->taps[t]), step, step, &l->s->extract_work[t]);
  }
}

err plan_memory(struct plan_storage *s)
{
  struct plan *p = &s->plan;
  struct layout l = {.s = s, .n = p->graph->n_nodes, .repeats = p->n_passes * p->n_targets > 1};
  l.max_spans = 6 * (l.n + 1) + p->n_taps;
  l.span = calloc((size_t)l.max_spans, sizeof *l.span);
  l.home = calloc((size_t)l.max_spans, sizeof *l.home);
  err e = ERR_OK;
  CHECK_DONE(l.span && l.home, ERR_MEMORY, "no memory to plan %d nodes", l.n);
  add_activations(&l);
  add_signals(&l);
  add_nodes(&l);
  add_extracts(&l);
  p->arena_bytes = arena_place(l.span, l.n_spans);
  CHECK_DONE(p->arena_bytes >= 0, ERR_MEMORY, "no memory to plan %d nodes", l.n);
  for (int i = 0; i < l.n_spans; i++) *l.home[i] = l.span[i].offset;

done:
  free(l.span);
  free(l.home);
  return e;
}
