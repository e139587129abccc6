/** @file
 *  Forward and backward over one unit. */
#include "core/tape.h"

#include "core/arena.h"
#include "core/tape_impl.h"
#include "core/weigh.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void tape_free(struct tape **tape)
{
  struct tape *t = *tape;
  if (!t) return;
  free(t->arena);
  free(t->rows);
  free(t->totals);
  free(t->fresh);
  free(t->x);
  free(t->dx);
  free(t->set);
  tape_metas_free(&t->metas, t->plan->n_metas);
  tape_combination_free(&t->combination);
  tape_average_free(&t->average);
  tape_reference_free(&t->reference);
  free(t);
  *tape = NULL;
}

static err allocate(struct tape *t)
{
  const struct plan *p = t->plan;
  size_t inputs = 1;
  for (int i = 0; i < p->graph->n_nodes; i++)
    if ((size_t)p->graph->nodes[i].n_in > inputs) inputs = (size_t)p->graph->nodes[i].n_in;
  const size_t arena = (size_t)p->arena_bytes;
  t->arena = arena_alloc(arena);
  t->rows = calloc((size_t)p->rows_floats + 1, sizeof *t->rows);
  const size_t totals = (size_t)p->n_passes * (size_t)p->n_taps * (size_t)(p->n_targets * p->batch);
  t->totals = calloc(totals + 1, sizeof *t->totals);
  for (size_t i = 0; t->totals && i < totals; i++) t->totals[i] = NAN;
  t->fresh = calloc((size_t)p->graph->n_values, sizeof *t->fresh);
  t->x = calloc(inputs, sizeof(real *));
  t->dx = calloc(inputs, sizeof(real *));
  t->set = calloc(inputs, sizeof *t->set);
  CHECK(t->arena && t->rows && t->totals && t->fresh && t->x && t->dx && t->set, ERR_MEMORY,
        "no memory for a unit of %d samples: %.1f MiB of activations and %.1f MiB of maps; "
        "lower --unit or choose fewer layers",
        p->batch, (double)arena / 1048576.0, (double)p->rows_floats * 4.0 / 1048576.0);
  TRY(tape_metas_make(p, &t->metas));
  TRY(tape_combination_make(p, &t->combination));
  TRY(tape_average_make(p, &t->average));
  TRY(tape_reference_make(p, inputs, &t->reference));
  return ERR_OK;
}

err tape_make(const struct plan *p, struct tape **out)
{
  struct tape *t = calloc(1, sizeof *t);
  CHECK(t, ERR_MEMORY, "no memory for a tape");
  t->plan = p;
  const err e = allocate(t);
  if (e) {
    tape_free(&t);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = t;
  return ERR_OK;
}

/** Memory at an offset of the arena; NULL where the plan has none. */
static void *at(const struct tape *t, int64_t offset)
{
  return offset < 0 ? NULL : t->arena + offset;
}

real *tape_input(struct tape *t)
{
  const struct plan *p = t->plan;
  return at(t, p->parts.head ? p->input_whole : p->activation[p->graph->input]);
}

const real *tape_logits(const struct tape *t)
{
  return at(t, t->plan->activation[t->plan->graph->output]);
}

float *tape_rows(struct tape *t, int i)
{
  return t->rows + t->plan->taps[i].rows;
}

const float *tape_totals(const struct tape *t)
{
  return t->totals;
}

void tape_passes(const struct tape *t, int64_t *forward, int64_t *backward)
{
  *forward = t->n_forward;
  *backward = t->n_backward;
  tape_metas_passes(t, forward, backward);
}

void tape_set_watch(struct tape *t, struct tape_watch watch)
{
  t->watch = watch;
}

static void tell(const struct tape *t, int node, enum tape_step step)
{
  if (t->watch.step) t->watch.step(t->watch.who, node, step);
}

void tape_use_weights(struct tape *t, const struct plan *other, const bool *swapped)
{
  t->other = swapped ? other : NULL;
  t->swapped = swapped;
}

/** The plan whose weights node i has. */
static const struct plan *plan_of(const struct tape *t, int i)
{
  return t->other && t->swapped[i] ? t->other : t->plan;
}

void tape_swap(const struct tape *t, struct tape_tap *x)
{
  const int producer = t->plan->graph->values[t->plan->taps[x->tap].value].producer;
  if (producer < 0 || plan_of(t, producer) == t->plan) return;
  x->pass = &t->other->passes[x->pass - t->plan->passes];
  x->plan = t->other;
}

/** A value's activation as node i sees it; the cut is whole behind the head. */
static real *activation(const struct tape *t, int i, int v)
{
  const struct plan *p = t->plan;
  if (v == p->parts.cut && i >= p->parts.head) return at(t, p->cut_activation);
  return at(t, p->activation[v] < 0 ? -1 : p->activation[v] + t->part * p->activation_step[v]);
}

/** The same for its signal. */
static real *signal(const struct tape *t, int i, int v)
{
  const struct plan *p = t->plan;
  return at(t, v == p->parts.cut && i >= p->parts.head ? p->cut_signal : p->signal[v]);
}

static void *aux(const struct tape *t, int i)
{
  const struct plan *p = t->plan;
  return at(t, p->aux[i] < 0 ? -1 : p->aux[i] + t->part * p->aux_step[i]);
}

/** Copy the samples of the current part of a value between the whole unit, [C][batch][H * W], and the
 *  part. */
static void copy_part(const struct tape *t, int v, real *whole, real *part, bool to_part)
{
  const struct plan *p = t->plan;
  const struct shape *s = &p->graph->values[v].is.shape;
  const int64_t plane = shape_inner(s), n = plane * p->parts.samples;
  for (int c = 0; c < shape_channels(s); c++) {
    real *in_whole = whole + (c * (int64_t)p->batch + (int64_t)t->part * p->parts.samples) * plane;
    real *in_part = part + c * n;
    memcpy(to_part ? in_part : in_whole, to_part ? in_whole : in_part, (size_t)n * sizeof *part);
  }
}

/** Where the numbers of the inputs of node i are: constants in the graph, activations in the arena. */
static void gather_inputs(struct tape *t, int i)
{
  const struct graph *g = plan_of(t, i)->graph;
  const struct node *n = &g->nodes[i];
  for (int k = 0; k < n->n_in; k++) {
    const int v = n->in[k];
    t->x[k] = v < 0 ? NULL : g->values[v].is.fixed ? g->values[v].is.data : activation(t, i, v);
  }
}

static void nodes_forward(struct tape *t, int first, int end)
{
  const struct plan *p = t->plan;
  for (int i = first; i < end; i++) {
    const struct node *n = &p->graph->nodes[i];
    tell(t, i, TAPE_FORWARD);
    gather_inputs(t, i);
    const struct op_fwd c = {.at = &plan_of(t, i)->sites[i],
                             .x = t->x,
                             .y = activation(t, i, n->out),
                             .aux = aux(t, i),
                             .work = at(t, p->work_fwd[i])};
    n->op->forward(&c);
    if (t->reference) tape_reference_keep(t, i, c.y, c.aux);
    if (t->average) tape_average_keep(t, n->out, i >= p->parts.head, c.y);
  }
}

/** Forward through every node, of whatever the input holds. */
static void forward(struct tape *t)
{
  const struct plan *p = t->plan;
  const int head = p->parts.head, input = p->graph->input;
  for (t->part = 0; head && t->part < p->parts.n; t->part++) {
    copy_part(t, input, tape_input(t), activation(t, 0, input), true);
    nodes_forward(t, 0, head);
    copy_part(t, p->parts.cut, at(t, p->cut_activation), activation(t, 0, p->parts.cut), false);
  }
  t->part = 0;
  nodes_forward(t, head, p->graph->n_nodes);
  tell(t, -1, TAPE_END);
  t->n_forward++;
}

void tape_forward(struct tape *t)
{
  if (t->metas && !tape_average_runs(t)) tape_metas_keep(t);
  if (t->reference) tape_references(t, forward);
  if (t->average) tape_average_keep(t, t->plan->graph->input, true, tape_input(t));
  forward(t);
}

void tape_predict(struct tape *t)
{
  struct tape_reference *reference = t->reference;
  struct tape_average *average = t->average;
  t->reference = NULL; /* nothing is kept for passes back */
  t->average = NULL;
  forward(t);
  t->reference = reference;
  t->average = average;
}

void tape_forward_from(struct tape *t, int node)
{
  assert(!t->reference && !t->average && !t->plan->parts.head);
  assert(!node || t->plan->resume[node]);
  nodes_forward(t, node, t->plan->graph->n_nodes);
  t->n_forward++;
}

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
    t->dx[k] = signal(t, i, v);
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
  gather_inputs(t, i);
  const struct override *o = pass->overrides[i];
  const bool can_set = o ? o->can_set : n->op->can_set;
  if (!can_set) clear_adjoints(t, i);
  const struct plan *weights = plan_of(t, i);
  const struct op_bwd c = {
      .at = &weights->sites[i],
      .x = t->x,
      .y = activation(t, i, n->out),
      .aux = aux(t, i),
      .work = at(t, p->work_bwd[i]),
      .dy = signal(t, i, n->out),
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
                       .a = p->kept[value] ? activation(t, node, value) : NULL,
                       .g = signal(t, node, value),
                       .work = at(t, p->extract_work[tap]),
                       .rows = tape_rows(t, tap),
                       .part_rows = tape_part_rows(t, tap)};
  if (plan_reads_input(p, tap)) {
    x.node = &p->sites[p->graph->values[value].producer];
    x.input = activation(t, node, p->graph->nodes[p->graph->values[value].producer].in[0]);
  }
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
  return at(t, p->signal[p->graph->output]);
}

/** Gradients of the parameters of node i, of the only sample. */
static void weigh_node(struct tape *t, int i)
{
  const struct plan *p = t->plan;
  const struct node *n = &p->graph->nodes[i];
  gather_inputs(t, i);
  for (int k = 0; k < n->n_in; k++) t->dx[k] = n->in[k] < 0 ? NULL : t->gradients[n->in[k]];
  n->op->weigh->run(&(struct weigh_call){.at = &p->sites[i],
                                         .x = t->x,
                                         .dy = signal(t, i, n->out),
                                         .dw = t->dx,
                                         .work = at(t, p->work_bwd[i])});
}

/** Nodes end - 1 down to first. */
static void nodes_backward(struct tape *t, const struct plan_pass *pass, int first, int end,
                           int slot)
{
  for (int i = end - 1; i >= first; i--) {
    tell(t, i, TAPE_EXTRACT);
    const int out = t->plan->graph->nodes[i].out;
    if (out != t->plan->parts.cut) extract_at(t, pass, out, i, slot);
    tell(t, i, TAPE_BACKWARD);
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
  copy_part(t, cut, at(t, p->cut_signal), signal(t, 0, cut), true);
  nodes_backward(t, pass, 0, p->parts.head, slot);
  tell(t, -1, TAPE_EXTRACT);
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
    tell(t, head - 1, TAPE_EXTRACT);
    extract_at(t, now, p->parts.cut, head, slot);
    for (; now->need[p->parts.cut] && t->part < p->parts.n; t->part++) part_backward(t, now, slot);
  } else {
    tell(t, -1, TAPE_EXTRACT);
    extract_at(t, now, p->graph->input, 0, slot);
  }
  tell(t, -1, TAPE_END);
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
  return at(t, t->plan->signal[value]);
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

void tape_blank(struct tape *t, int b, int slot)
{
  const struct plan *p = t->plan;
  for (int i = 0; i < p->n_places; i++) {
    const struct plan_tap *at = plan_place(p, i);
    const int64_t n = (int64_t)at->n_methods * at->height * at->width;
    float *row = tape_rows(t, p->places[i]) + ((int64_t)b * p->n_targets + slot) * n;
    for (int64_t u = 0; u < n; u++) row[u] = NAN;
  }
}
