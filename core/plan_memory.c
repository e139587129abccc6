/** @file
 *  Lifetimes of everything a unit needs, and their places in one arena.
 *
 *  Steps, for n nodes: 0 the input is filled; i + 1 node i forward; n + 1 the seed; n + 2 + (n-1-i)
 *  node i backward; 2n + 2 the extracts at the input.  With several passes (rules x targets) the
 *  backward steps are run again, so what a pass reads then lives to the end. */
#include "core/arena.h"
#include "core/extract_bands.h"
#include "core/plan_impl.h"

#include <stdlib.h>

struct layout {
  struct plan_storage *s;
  int n; /* nodes */
  bool repeats;
  struct span *span;
  int64_t **home; /* where the offset of span k goes */
  int n_spans, max_spans;
};

static int forward_step(int node)
{
  return node + 1;
}
static int seed_step(const struct layout *l)
{
  return l->n + 1;
}
static int backward_step(const struct layout *l, int node)
{
  return l->n + 2 + (l->n - 1 - node);
}
static int last_step(const struct layout *l)
{
  return 2 * l->n + 2;
}

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

static int later(int a, int b)
{
  return a > b ? a : b;
}

/** OP_READS_* of a node's backward, over all passes. */
static unsigned backward_reads(const struct plan *p, int node)
{
  unsigned reads = 0;
  for (int k = 0; k < p->n_passes; k++) reads |= plan_reads(p, &p->passes[k], node);
  return reads;
}

/** Last steps, forward and backward, at which node i reads a value's activation; raised only. */
static void node_last(const struct layout *l, int i, int value, int *forward, int *backward)
{
  const struct node *n = &l->s->plan.graph->nodes[i];
  const unsigned reads = backward_reads(&l->s->plan, i);
  bool is_input = false;
  for (int k = 0; k < n->n_in; k++) is_input = is_input || n->in[k] == value;
  if (is_input) *forward = later(*forward, forward_step(i));
  if ((is_input && reads & OP_READS_X) || (n->out == value && reads & OP_READS_Y))
    *backward = later(*backward, backward_step(l, i));
}

/** An extract of some method at this value reads its activation. */
static bool extracts_read(const struct plan *p, int value)
{
  const int tap = p->tap_of_value[value];
  for (int m = 0; tap >= 0 && m < p->taps[tap].n_methods; m++)
    if (p->methods[p->taps[tap].methods[m]].extract->reads_activation) return true;
  return false;
}

/** Last step at which a value's activation is read; marks it as kept when that is at its extracts or
 *  after them, and as read again when that is in backward at all. */
static int activation_last(struct layout *l, int value, bool *read_again)
{
  const struct plan *p = &l->s->plan;
  const int extracts = extract_step(l, value);
  int forward = value == p->graph->output ? seed_step(l) : 0, backward = 0;
  for (int i = 0; i < p->graph->n_nodes; i++) node_last(l, i, value, &forward, &backward);
  if (extracts_read(p, value)) backward = later(backward, extracts);
  /* read by a consumer only, it may be gone before the extracts of this value run */
  l->s->kept[value] = backward > 0 && (l->repeats || backward >= extracts);
  read_again[value] = backward > 0;
  if (backward && l->repeats) return last_step(l);
  return later(forward, backward);
}

/** Lives of values: one for all that share memory, kept at their root. */
struct lives {
  int *first, *last, *root; /* [n_values]; last < 0: no life */
};

/** Let the memory of v live from `first` to `last` as well. */
static void live(const struct lives *s, int v, int first, int last)
{
  const int r = s->root[v];
  if (s->last[r] < 0 || first < s->first[r]) s->first[r] = first;
  s->last[r] = later(s->last[r], last);
}

static void add_lives(struct layout *l, const struct lives *s, int64_t *home)
{
  const struct plan *p = &l->s->plan;
  for (int v = 0; v < p->graph->n_values; v++) {
    home[v] = -1;
    if (s->root[v] == v && s->last[v] >= 0)
      add(l, value_bytes(p, v), s->first[v], s->last[v], &home[v]);
  }
}

static void begin_lives(const struct layout *l, const struct lives *s)
{
  for (int v = 0; v < l->s->plan.graph->n_values; v++) s->last[v] = -1;
}

/** last_read, read_again [n_values] scratch. */
static void add_activations(struct layout *l, const struct lives *s, int *last_read,
                            bool *read_again)
{
  const struct graph *g = l->s->plan.graph;
  for (int t = 0; t < g->n_taps; t++)
    last_read[g->taps[t]] = activation_last(l, g->taps[t], read_again);
  plan_alias_activations(&l->s->plan, read_again, s->root);
  begin_lives(l, s);
  for (int t = 0; t < g->n_taps; t++) {
    const int v = g->taps[t], producer = g->values[v].producer;
    const int first = producer < 0 ? 0 : forward_step(producer);
    live(s, v, first, later(first, last_read[v]));
  }
  add_lives(l, s, l->s->activation);
}

static void add_signals(struct layout *l, const struct lives *s)
{
  const struct plan *p = &l->s->plan;
  const struct graph *g = p->graph;
  plan_alias_signals(p, s->root);
  begin_lives(l, s);
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
    live(s, v, first, extract_step(l, v));
  }
  add_lives(l, s, l->s->signal);
}

/** Values on another's memory are where that is. */
static void share_homes(const struct plan *p, const int *root, int64_t *home)
{
  for (int v = 0; v < p->graph->n_values; v++) home[v] = home[root[v]];
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
    const unsigned reads = backward_reads(p, i);
    const int back = l->repeats ? last_step(l) : backward_step(l, i);
    add(l, op->aux_bytes ? (int64_t)op->aux_bytes(at) : 0, forward_step(i),
        reads & OP_READS_AUX ? back : forward_step(i), &l->s->aux[i]);
    add(l, op->work_bytes ? (int64_t)op->work_bytes(at) : 0, forward_step(i), forward_step(i),
        &l->s->work_fwd[i]);
    add(l, (int64_t)backward_work(p, i), backward_step(l, i), backward_step(l, i),
        &l->s->work_bwd[i]);
  }
}

/** Scratch of the extracts at a tap. */
static int64_t extract_bytes(const struct plan_tap *t)
{
  const int rows = extract_bands_rows(t->height, t->width);
  return (int64_t)extract_bands_bytes(t->channels, t->height, t->width, rows);
}

static void add_extracts(struct layout *l)
{
  const struct plan *p = &l->s->plan;
  for (int t = 0; t < p->n_taps; t++) {
    const int step = extract_step(l, p->taps[t].value);
    add(l, extract_bytes(&p->taps[t]), step, step, &l->s->extract_work[t]);
  }
}

/** Scratch of plan_memory, [n_values] each. */
struct scratch {
  struct lives activations, signals;
  int *last_read;
  bool *read_again;
  int *memory;
};

static err scratch_make(struct scratch *c, int n_values)
{
  const size_t n = (size_t)n_values;
  c->memory = calloc(7 * n, sizeof *c->memory);
  c->read_again = calloc(n, sizeof *c->read_again);
  CHECK(c->memory && c->read_again, ERR_MEMORY, "no memory to plan %d values", n_values);
  int *m = c->memory;
  c->activations = (struct lives){m, m + n, m + 2 * n};
  c->signals = (struct lives){m + 3 * n, m + 4 * n, m + 5 * n};
  c->last_read = m + 6 * n;
  return ERR_OK;
}

static err place(struct layout *l, struct scratch *c)
{
  struct plan *p = &l->s->plan;
  add_activations(l, &c->activations, c->last_read, c->read_again);
  add_signals(l, &c->signals);
  add_nodes(l);
  add_extracts(l);
  p->arena_bytes = arena_place(l->span, l->n_spans);
  CHECK(p->arena_bytes >= 0, ERR_MEMORY, "no memory to plan %d nodes", l->n);
  for (int i = 0; i < l->n_spans; i++) *l->home[i] = l->span[i].offset;
  share_homes(p, c->activations.root, l->s->activation);
  share_homes(p, c->signals.root, l->s->signal);
  return ERR_OK;
}

err plan_memory(struct plan_storage *s)
{
  struct plan *p = &s->plan;
  struct scratch c = {0};
  struct layout l = {.s = s, .n = p->graph->n_nodes, .repeats = p->n_passes * p->n_targets > 1};
  l.max_spans = 6 * (l.n + 1) + p->n_taps;
  l.span = calloc((size_t)l.max_spans, sizeof *l.span);
  l.home = calloc((size_t)l.max_spans, sizeof *l.home);
  err e = ERR_OK;
  CHECK_DONE(l.span && l.home, ERR_MEMORY, "no memory to plan %d nodes", l.n);
  TRY_DONE(scratch_make(&c, p->graph->n_values));
  TRY_DONE(place(&l, &c));

done:
  free(c.memory);
  free(c.read_again);
  free(l.span);
  free((void *)l.home);
  return e;
}
