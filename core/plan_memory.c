/** @file
 *  Lifetimes of everything a unit needs, and their places in one arena.
 *
 *  Steps, for n nodes: 0 the input is filled; i + 1 node i forward; n + 1 the seed; n + 2 + (n-1-i)
 *  node i backward; 2n + 2 the extracts at the input.  With several passes (rules x targets) the
 *  backward steps are run again, so what a pass reads then lives to the end.
 *
 *  The steps of the head are run once for each part of the unit, first all of forward's, at last all of
 *  backward's: what lives from one loop to the other is there for every part, and what a loop leaves or
 *  reads as a whole, the cut and the input, lives through all of it. */
#include "core/arena.h"
#include "core/curve.h"
#include "core/extract_bands.h"
#include "core/plan_impl.h"
#include "core/weigh.h"

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

/** Whether the node that makes a value runs in parts; the input is filled in parts, too. */
static bool in_head(const struct plan *p, int value)
{
  return p->graph->values[value].producer < p->parts.head && p->parts.head;
}

static int64_t whole_bytes(const struct plan *p, int value)
{
  return shape_count(&p->graph->values[value].is.shape) * p->batch * (int64_t)sizeof(real);
}

/** Of one part where the value is made in parts. */
static int64_t value_bytes(const struct plan *p, int value)
{
  return whole_bytes(p, value) / (in_head(p, value) ? p->parts.n : 1);
}

static int later(int a, int b)
{
  return a > b ? a : b;
}

/** OP_READS_* of a node's backward, over all passes, and of the extracts just before it. */
static unsigned backward_reads(const struct plan *p, int node)
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
  const unsigned reads = backward_reads(&l->s->plan, i);
  bool is_input = false;
  for (int k = 0; k < n->n_in; k++) is_input = is_input || n->in[k] == value;
  if (is_input) *forward = later(*forward, forward_step(i));
  if ((is_input && reads & OP_READS_X) || (n->out == value && reads & OP_READS_Y))
    *backward = later(*backward, backward_step(l, i));
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

/** Who reads an activation: nodes [first, last), and maybe the extracts. */
struct readers {
  int first, last;
  bool extracts;
};

static struct readers all_readers(const struct layout *l)
{
  return (struct readers){0, l->n, true};
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

/** Last step at which a value's activation is read; marks it as kept when that is at its extracts or
 *  after them, and as read again when that is in backward at all. */
static int activation_last(struct layout *l, int value, struct readers who, bool *read_again)
{
  const struct plan *p = &l->s->plan;
  const int extracts = extract_step(l, value);
  int forward = value == p->graph->output ? seed_step(l) : 0, backward = 0;
  for (int i = who.first; i < who.last; i++) node_last(l, i, value, &forward, &backward);
  if (who.extracts && extracts_read(p, value)) backward = later(backward, extracts);
  if (is_resumed_from(p, value)) backward = last_step(l);
  /* read by a consumer only, it may be gone before the extracts of this value run */
  if (who.extracts) l->s->kept[value] = backward > 0 && (l->repeats || backward >= extracts);
  read_again[value] = backward > 0;
  if (backward && (l->repeats || in_head(p, value))) return last_step(l);
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

/** copies [n_values]: memory for every part of a root is wanted where it is not 0; NULL: nowhere. */
static void add_lives(struct layout *l, const struct lives *s, const int64_t *copies, int64_t *home)
{
  const struct plan *p = &l->s->plan;
  for (int v = 0; v < p->graph->n_values; v++) {
    home[v] = -1;
    if (s->root[v] != v || s->last[v] < 0) continue;
    add(l, value_bytes(p, v) * (copies && copies[v] ? p->parts.n : 1), s->first[v], s->last[v],
        &home[v]);
  }
}

static void begin_lives(const struct layout *l, const struct lives *s)
{
  for (int v = 0; v < l->s->plan.graph->n_values; v++) s->last[v] = -1;
}

/** Values of the head that are read again in backward are there for every part, from the first part
 *  on. */
static void keep_parts(struct layout *l, const struct lives *s, const bool *read_again)
{
  const struct plan *p = &l->s->plan;
  int64_t *step = l->s->activation_step;
  for (int v = 0; v < p->graph->n_values; v++) step[v] = 0;
  for (int v = 0; v < p->graph->n_values; v++) {
    if (p->graph->values[v].is.fixed || !in_head(p, v) || !read_again[v]) continue;
    step[s->root[v]] = value_bytes(p, v);
    live(s, v, 0, last_step(l));
  }
}

/** The whole input, until the head has read it, and the whole cut. */
static void add_whole_activations(struct layout *l, bool *read_again)
{
  struct plan *p = &l->s->plan;
  p->input_whole = p->cut_activation = -1;
  if (!p->parts.head) return;
  const struct readers body = {p->parts.head, l->n, true};
  add(l, whole_bytes(p, p->graph->input), 0, forward_step(p->parts.head - 1), &p->input_whole);
  add(l, whole_bytes(p, p->parts.cut), 0, activation_last(l, p->parts.cut, body, read_again),
      &p->cut_activation);
}

/** last_read, read_again [n_values] scratch. */
static void add_activations(struct layout *l, const struct lives *s, int *last_read,
                            bool *read_again)
{
  const struct plan *p = &l->s->plan;
  const struct graph *g = p->graph;
  const struct readers head = {0, p->parts.head, false};
  add_whole_activations(l, read_again);
  for (int t = 0; t < g->n_taps; t++) {
    const int v = g->taps[t];
    last_read[v] = activation_last(l, v, v == p->parts.cut ? head : all_readers(l), read_again);
  }
  plan_alias_activations(p, read_again, s->root);
  begin_lives(l, s);
  for (int t = 0; t < g->n_taps; t++) {
    const int v = g->taps[t], producer = g->values[v].producer;
    const int first = producer < 0 ? 0 : forward_step(producer);
    live(s, v, first, later(first, last_read[v]));
  }
  keep_parts(l, s, read_again);
  add_lives(l, s, l->s->activation_step, l->s->activation);
}

/** First step at which a node, from node `from` on, leaves a signal at a value. */
static int signal_first(const struct layout *l, int value, int from)
{
  const struct graph *g = l->s->plan.graph;
  int first = value == g->output ? seed_step(l) : last_step(l);
  for (int i = from; i < g->n_nodes; i++) {
    for (int k = 0; k < g->nodes[i].n_in; k++)
      if (g->nodes[i].in[k] == value && backward_step(l, i) < first) first = backward_step(l, i);
  }
  return first;
}

static bool is_needed(const struct plan *p, int value)
{
  bool need = false;
  for (int k = 0; k < p->n_passes; k++) need = need || p->passes[k].need[value];
  return need;
}

static void add_signals(struct layout *l, const struct lives *s)
{
  struct plan *p = &l->s->plan;
  const struct graph *g = p->graph;
  const int cut = p->parts.cut;
  plan_alias_signals(p, s->root);
  begin_lives(l, s);
  for (int t = 0; t < g->n_taps; t++) {
    const int v = g->taps[t];
    if (!is_needed(p, v)) continue;
    const int end = extract_step(l, v);
    live(s, v, v == cut ? end : signal_first(l, v, 0), end);
  }
  add_lives(l, s, NULL, l->s->signal);
  p->cut_signal = -1;
  if (cut >= 0 && is_needed(p, cut))
    add(l, whole_bytes(p, cut), signal_first(l, cut, p->parts.head), last_step(l), &p->cut_signal);
}

/** Values on another's memory are where that is. */
static void share_homes(const struct plan *p, const int *root, int64_t *home)
{
  for (int v = 0; v < p->graph->n_values; v++) home[v] = home[root[v]];
}

static void share_steps(const struct plan *p, const int *root, int64_t *step)
{
  for (int v = 0; v < p->graph->n_values; v++) step[v] = step[root[v]];
}

static size_t backward_work(const struct plan *p, int node)
{
  const struct op *op = p->graph->nodes[node].op;
  const size_t own = op->work_bytes ? op->work_bytes(&p->sites[node]) : 0;
  size_t most = own;
  for (int k = 0; k < p->n_passes; k++) {
    const struct override *o = p->passes[k].overrides[node];
    const size_t bytes = o ? (o->work_bytes ? o->work_bytes(&p->passes[k].sites[node]) : 0) : own;
    most = bytes > most ? bytes : most;
  }
  if (p->weigh_pass >= 0 && op->weigh && op->weigh->work_bytes) {
    const size_t bytes = op->weigh->work_bytes(&p->sites[node]);
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
    const bool in_parts = i < p->parts.head, kept = reads & OP_READS_AUX;
    const int back = l->repeats || in_parts ? last_step(l) : backward_step(l, i);
    const int64_t bytes =
        op->aux_bytes ? ((int64_t)op->aux_bytes(at) + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN
                      : 0;
    l->s->aux_step[i] = in_parts && kept ? bytes : 0;
    add(l, l->s->aux_step[i] ? bytes * p->parts.n : bytes, l->s->aux_step[i] ? 0 : forward_step(i),
        kept ? back : forward_step(i), &l->s->aux[i]);
    add(l, op->work_bytes ? (int64_t)op->work_bytes(at) : 0, forward_step(i), forward_step(i),
        &l->s->work_fwd[i]);
    add(l, (int64_t)backward_work(p, i), backward_step(l, i), backward_step(l, i),
        &l->s->work_bwd[i]);
  }
}

/** Implicit biases that some part at a tap reads. */
static int64_t curve_bytes_at(const struct plan *p, int tap)
{
  const struct plan_tap *t = &p->taps[tap];
  const int producer = p->graph->values[t->value].producer;
  bool reads = false;
  for (int k = t->n_methods; k < plan_tap_all(t); k++) {
    const struct combination_take *take = p->methods[t->methods[k]].take;
    reads = reads || (take && take->reads_curve);
  }
  return reads ? (int64_t)curve_bytes(p->graph->nodes[producer].op, &p->sites[producer]) : 0;
}

int64_t plan_bands_bytes(const struct plan *p, int tap)
{
  const struct plan_tap *t = &p->taps[tap];
  const int rows = extract_bands_rows(t->height, t->width);
  const int producer = p->graph->values[t->value].producer;
  const int64_t input =
      plan_reads_window(p, tap) ? shape_inner(&p->sites[producer].in[0].shape) : 0;
  const struct extract_site at = {.channels = t->channels, .height = t->height, .width = t->width};
  return (int64_t)arena_padded(extract_bands_bytes(&at, p->batch, rows, input));
}

static void add_extracts(struct layout *l)
{
  const struct plan *p = &l->s->plan;
  for (int t = 0; t < p->n_taps; t++) {
    const int step = extract_step(l, p->taps[t].value);
    add(l, plan_bands_bytes(p, t) + curve_bytes_at(p, t), step, step, &l->s->extract_work[t]);
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
  share_steps(p, c->activations.root, l->s->activation_step);
  share_homes(p, c->signals.root, l->s->signal);
  return ERR_OK;
}

err plan_memory(struct plan_storage *s)
{
  struct plan *p = &s->plan;
  struct scratch c = {0};
  struct layout l = {
      .s = s, .n = p->graph->n_nodes, .repeats = p->n_passes * p->n_targets > 1 || p->resume};
  l.max_spans = 6 * (l.n + 1) + p->n_taps + 3;
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
