/** @file
 *  The lives of activations and signals, one for all values that share memory. */
#include "core/plan_layout.h"

#include <stdlib.h>

static int64_t whole_bytes(const struct plan *p, int value)
{
  return shape_count(&p->graph->values[value].is.shape) * p->batch * (int64_t)sizeof(real);
}

/** Of one part where the value is made in parts. */
static int64_t value_bytes(const struct plan *p, int value)
{
  return whole_bytes(p, value) / (layout_in_head(p, value) ? p->parts.n : 1);
}

/** Let the memory of v live from `first` to `last` as well. */
static void live(const struct layout_lives *s, int v, int first, int last)
{
  const int r = s->root[v];
  if (s->last[r] < 0 || first < s->first[r]) s->first[r] = first;
  s->last[r] = layout_later(s->last[r], last);
}

/** copies [n_values]: memory for every part of a root is wanted where it is not 0; NULL: nowhere. */
static void add_lives(struct layout *l, const struct layout_lives *s, const int64_t *copies,
                      int64_t *home)
{
  const struct plan *p = &l->s->plan;
  for (int v = 0; v < p->graph->n_values; v++) {
    home[v] = -1;
    if (s->root[v] != v || s->last[v] < 0) continue;
    layout_add(l, value_bytes(p, v) * (copies && copies[v] ? p->parts.n : 1), s->first[v],
               s->last[v], &home[v]);
  }
}

static void begin_lives(const struct layout *l, const struct layout_lives *s)
{
  for (int v = 0; v < l->s->plan.graph->n_values; v++) s->last[v] = -1;
}

/** Values of the head that are read again in backward are there for every part, from the first part
 *  on. */
static void keep_parts(struct layout *l, const struct layout_lives *s, const bool *read_again)
{
  const struct plan *p = &l->s->plan;
  int64_t *step = l->s->activation_step;
  for (int v = 0; v < p->graph->n_values; v++) step[v] = 0;
  for (int v = 0; v < p->graph->n_values; v++) {
    if (p->graph->values[v].is.fixed || !layout_in_head(p, v) || !read_again[v]) continue;
    step[s->root[v]] = value_bytes(p, v);
    live(s, v, 0, layout_last(l));
  }
}

/** The whole input, until the head has read it, and the whole cut. */
static void add_whole_activations(struct layout *l, bool *read_again)
{
  struct plan *p = &l->s->plan;
  p->input_whole = p->cut_activation = -1;
  if (!p->parts.head) return;
  const struct layout_readers body = {p->parts.head, l->n, true};
  layout_add(l, whole_bytes(p, p->graph->input), 0, layout_forward(p->parts.head - 1),
             &p->input_whole);
  layout_add(l, whole_bytes(p, p->parts.cut), 0,
             layout_last_read(l, p->parts.cut, body, read_again), &p->cut_activation);
}

/** last_read, read_again [n_values] scratch. */
static void add_activations(struct layout *l, const struct layout_lives *s, int *last_read,
                            bool *read_again)
{
  const struct plan *p = &l->s->plan;
  const struct graph *g = p->graph;
  const struct layout_readers head = {0, p->parts.head, false}, all = {0, l->n, true};
  add_whole_activations(l, read_again);
  for (int t = 0; t < g->n_taps; t++) {
    const int v = g->taps[t];
    last_read[v] = layout_last_read(l, v, v == p->parts.cut ? head : all, read_again);
  }
  plan_alias_activations(p, read_again, s->root);
  begin_lives(l, s);
  for (int t = 0; t < g->n_taps; t++) {
    const int v = g->taps[t], producer = g->values[v].producer;
    const int first = producer < 0 ? 0 : layout_forward(producer);
    live(s, v, first, layout_later(first, last_read[v]));
  }
  keep_parts(l, s, read_again);
  add_lives(l, s, l->s->activation_step, l->s->activation);
}

/** First step at which a node, from node `from` on, leaves a signal at a value. */
static int signal_first(const struct layout *l, int value, int from)
{
  const struct graph *g = l->s->plan.graph;
  int first = value == g->output ? layout_seed(l) : layout_last(l);
  for (int i = from; i < g->n_nodes; i++) {
    for (int k = 0; k < g->nodes[i].n_in; k++) {
      if (g->nodes[i].in[k] == value && layout_backward(l, i) < first)
        first = layout_backward(l, i);
    }
  }
  return first;
}

static bool is_needed(const struct plan *p, int value)
{
  bool need = false;
  for (int k = 0; k < p->n_passes; k++) need = need || p->passes[k].need[value];
  return need;
}

static void add_signals(struct layout *l, const struct layout_lives *s)
{
  struct plan *p = &l->s->plan;
  const struct graph *g = p->graph;
  const int cut = p->parts.cut;
  plan_alias_signals(p, s->root);
  begin_lives(l, s);
  for (int t = 0; t < g->n_taps; t++) {
    const int v = g->taps[t];
    if (!is_needed(p, v)) continue;
    const int end = layout_extracts(l, v);
    live(s, v, v == cut ? end : signal_first(l, v, 0), end);
  }
  add_lives(l, s, NULL, l->s->signal);
  p->cut_signal = -1;
  if (cut >= 0 && is_needed(p, cut)) {
    layout_add(l, whole_bytes(p, cut), signal_first(l, cut, p->parts.head), layout_last(l),
               &p->cut_signal);
  }
}

err layout_values_make(struct layout_values *v, int n_values)
{
  const size_t n = (size_t)n_values;
  v->memory = calloc(7 * n, sizeof *v->memory);
  v->read_again = calloc(n, sizeof *v->read_again);
  CHECK(v->memory && v->read_again, ERR_MEMORY, "no memory to plan %d values", n_values);
  int *m = v->memory;
  v->activations = (struct layout_lives){m, m + n, m + 2 * n};
  v->signals = (struct layout_lives){m + 3 * n, m + 4 * n, m + 5 * n};
  v->last_read = m + 6 * n;
  return ERR_OK;
}

void layout_values_free(struct layout_values *v)
{
  free(v->memory);
  free(v->read_again);
}

void layout_add_values(struct layout *l, struct layout_values *v)
{
  add_activations(l, &v->activations, v->last_read, v->read_again);
  add_signals(l, &v->signals);
}

static void share(const struct plan *p, const int *root, int64_t *of)
{
  for (int k = 0; k < p->graph->n_values; k++) of[k] = of[root[k]];
}

void layout_share(struct layout *l, const struct layout_values *v)
{
  const struct plan *p = &l->s->plan;
  share(p, v->activations.root, l->s->activation);
  share(p, v->activations.root, l->s->activation_step);
  share(p, v->signals.root, l->s->signal);
}
