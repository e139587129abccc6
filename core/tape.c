/** @file
 *  Forward and backward over one unit. */
#include "core/tape.h"

#include "core/arena.h"
#include "core/tape_impl.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void tape_free(struct tape **tape)
{
  struct tape *t = *tape;
  if (!t) return;
  if (!t->borrows) free(t->arena);
  free(t->rows);
  free(t->totals);
  free(t->fresh);
  free(t->x);
  free(t->dx);
  free(t->set);
  tape_inner_free(t);
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
  if (!t->borrows) t->arena = arena_alloc(arena);
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
  TRY(tape_inner_make(t));
  TRY(tape_combination_make(p, &t->combination));
  TRY(tape_average_make(p, &t->average));
  TRY(tape_reference_make(p, inputs, &t->reference));
  return ERR_OK;
}

err tape_make(const struct plan *p, struct tape **out)
{
  return tape_make_on(p, NULL, out);
}

err tape_make_on(const struct plan *p, void *arena, struct tape **out)
{
  struct tape *t = calloc(1, sizeof *t);
  CHECK(t, ERR_MEMORY, "no memory for a tape");
  t->plan = p;
  t->arena = arena;
  t->borrows = arena;
  const err e = allocate(t);
  if (e) {
    tape_free(&t);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = t;
  return ERR_OK;
}

void *tape_at(const struct tape *t, int64_t offset)
{
  return offset < 0 ? NULL : t->arena + offset;
}

real *tape_input(struct tape *t)
{
  const struct plan *p = t->plan;
  return tape_at(t, p->parts.head ? p->input_whole : p->activation[p->graph->input]);
}

const real *tape_logits(const struct tape *t)
{
  return tape_at(t, t->plan->activation[t->plan->graph->output]);
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
  tape_inner_passes(t, forward, backward);
}

void tape_set_watch(struct tape *t, struct tape_watch watch)
{
  t->watch = watch;
}

void tape_tell(const struct tape *t, int node, enum tape_step step)
{
  if (t->watch.step) t->watch.step(t->watch.who, node, step);
}

void tape_use_weights(struct tape *t, const struct plan *other, const bool *swapped)
{
  t->other = swapped ? other : NULL;
  t->swapped = swapped;
}

const struct plan *tape_plan_of(const struct tape *t, int i)
{
  return t->other && t->swapped[i] ? t->other : t->plan;
}

void tape_swap(const struct tape *t, struct tape_tap *x)
{
  const int producer = t->plan->graph->values[t->plan->taps[x->tap].value].producer;
  if (producer < 0 || tape_plan_of(t, producer) == t->plan) return;
  x->pass = &t->other->passes[x->pass - t->plan->passes];
  x->plan = t->other;
}

void tape_give_node(struct tape_tap *x)
{
  const struct plan *p = x->plan;
  const int producer = p->graph->values[p->taps[x->tap].value].producer;
  if (producer < 0) return;
  x->op = p->graph->nodes[producer].op;
  x->node = &p->sites[producer];
}

real *tape_activation(const struct tape *t, int i, int v)
{
  const struct plan *p = t->plan;
  if (v == p->parts.cut && i >= p->parts.head) return tape_at(t, p->cut_activation);
  return tape_at(t, p->activation[v] < 0 ? -1 : p->activation[v] + t->part * p->activation_step[v]);
}

real *tape_signal_of(const struct tape *t, int i, int v)
{
  const struct plan *p = t->plan;
  return tape_at(t, v == p->parts.cut && i >= p->parts.head ? p->cut_signal : p->signal[v]);
}

void *tape_aux(const struct tape *t, int i)
{
  const struct plan *p = t->plan;
  return tape_at(t, p->aux[i] < 0 ? -1 : p->aux[i] + t->part * p->aux_step[i]);
}

void tape_copy_part(const struct tape *t, int v, real *whole, real *part, bool to_part)
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

void tape_gather_inputs(struct tape *t, int i)
{
  const struct graph *g = tape_plan_of(t, i)->graph;
  const struct node *n = &g->nodes[i];
  for (int k = 0; k < n->n_in; k++) {
    const int v = n->in[k];
    t->x[k] = v < 0                   ? NULL
              : g->values[v].is.fixed ? g->values[v].is.data
                                      : tape_activation(t, i, v);
  }
}

static void nodes_forward(struct tape *t, int first, int end)
{
  const struct plan *p = t->plan;
  for (int i = first; i < end; i++) {
    const struct node *n = &p->graph->nodes[i];
    tape_tell(t, i, TAPE_FORWARD);
    tape_gather_inputs(t, i);
    const struct op_fwd c = {.at = &tape_plan_of(t, i)->sites[i],
                             .x = t->x,
                             .y = tape_activation(t, i, n->out),
                             .aux = tape_aux(t, i),
                             .work = tape_at(t, p->work_fwd[i])};
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
    tape_copy_part(t, input, tape_input(t), tape_activation(t, 0, input), true);
    nodes_forward(t, 0, head);
    tape_copy_part(t, p->parts.cut, tape_at(t, p->cut_activation),
                   tape_activation(t, 0, p->parts.cut), false);
  }
  t->part = 0;
  nodes_forward(t, head, p->graph->n_nodes);
  tape_tell(t, -1, TAPE_END);
  t->n_forward++;
}

void tape_forward(struct tape *t)
{
  if (t->inner.n && !tape_average_runs(t)) tape_inner_keep(t);
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
