/** @file
 *  Forward and backward over one unit. */
#include "core/tape.h"

#include "core/arena.h"
#include "core/tape_extract.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct tape {
  const struct plan *plan;
  unsigned char *arena;
  float *rows;
  bool *fresh;    /* [n_values] the signal holds nothing yet in this pass */
  const real **x; /* [most inputs of a node] */
  real **dx;
  bool *set; /* [the same] dx holds nothing yet */
  int64_t n_forward, n_backward;
  struct tape_watch watch;
};

void tape_free(struct tape **tape)
{
  struct tape *t = *tape;
  if (!t) return;
  free(t->arena);
  free(t->rows);
  free(t->fresh);
  free(t->x);
  free(t->dx);
  free(t->set);
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
  t->fresh = calloc((size_t)p->graph->n_values, sizeof *t->fresh);
  t->x = calloc(inputs, sizeof(real *));
  t->dx = calloc(inputs, sizeof(real *));
  t->set = calloc(inputs, sizeof *t->set);
  CHECK(t->arena && t->rows && t->fresh && t->x && t->dx && t->set, ERR_MEMORY,
        "no memory for a unit of %d samples: %.1f MiB of activations and %.1f MiB of maps; "
        "lower --unit or choose fewer layers",
        p->batch, (double)arena / 1048576.0, (double)p->rows_floats * 4.0 / 1048576.0);
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
  return at(t, t->plan->activation[t->plan->graph->input]);
}

const real *tape_logits(const struct tape *t)
{
  return at(t, t->plan->activation[t->plan->graph->output]);
}

float *tape_rows(struct tape *t, int i)
{
  return t->rows + t->plan->taps[i].rows;
}

void tape_passes(const struct tape *t, int64_t *forward, int64_t *backward)
{
  *forward = t->n_forward;
  *backward = t->n_backward;
}

void tape_set_watch(struct tape *t, struct tape_watch watch)
{
  t->watch = watch;
}

static void tell(const struct tape *t, int node, enum tape_step step)
{
  if (t->watch.step) t->watch.step(t->watch.who, node, step);
}

/** Where the numbers of a node's inputs are: constants in the graph, activations in the arena. */
static void gather_inputs(struct tape *t, const struct node *n)
{
  const struct graph *g = t->plan->graph;
  for (int k = 0; k < n->n_in; k++) {
    const int v = n->in[k];
    t->x[k] = v < 0                   ? NULL
              : g->values[v].is.fixed ? g->values[v].is.data
                                      : at(t, t->plan->activation[v]);
  }
}

void tape_forward(struct tape *t)
{
  const struct plan *p = t->plan;
  for (int i = 0; i < p->graph->n_nodes; i++) {
    const struct node *n = &p->graph->nodes[i];
    tell(t, i, TAPE_FORWARD);
    gather_inputs(t, n);
    const struct op_fwd c = {.at = &p->sites[i],
                             .x = t->x,
                             .y = at(t, p->activation[n->out]),
                             .aux = at(t, p->aux[i]),
                             .work = at(t, p->work_fwd[i])};
    n->op->forward(&c);
  }
  tell(t, -1, TAPE_END);
  t->n_forward++;
}

/** Where the adjoints of a node's inputs go, and whether they hold nothing yet in this pass. */
static bool gather_adjoints(struct tape *t, const struct plan_pass *pass, const struct node *n)
{
  const struct plan *p = t->plan;
  bool any = false;
  for (int k = 0; k < n->n_in; k++) {
    const int v = n->in[k];
    t->dx[k] = NULL;
    t->set[k] = false;
    if (v < 0 || !pass->need[v]) continue;
    t->dx[k] = at(t, p->signal[v]);
    any = true;
    t->set[k] = t->fresh[v];
    t->fresh[v] = false;
  }
  return any;
}

/** Begin adjoints with zeros for a backward that only adds. */
static void clear_adjoints(struct tape *t, const struct node *n)
{
  const struct plan *p = t->plan;
  for (int k = 0; k < n->n_in; k++) {
    if (!t->set[k]) continue;
    const size_t n_bytes =
        (size_t)shape_count(&p->graph->values[n->in[k]].is.shape) * (size_t)p->batch * sizeof(real);
    memset(t->dx[k], 0, n_bytes);
  }
}

static void node_backward(struct tape *t, const struct plan_pass *pass, int i)
{
  const struct plan *p = t->plan;
  const struct node *n = &p->graph->nodes[i];
  if (!pass->need[n->out] || !gather_adjoints(t, pass, n)) return;
  gather_inputs(t, n);
  const struct override *o = rule_override(pass->rule, n->op);
  const bool can_set = o ? o->can_set : n->op->can_set;
  if (!can_set) clear_adjoints(t, n);
  const struct op_bwd c = {.at = &p->sites[i],
                           .x = t->x,
                           .y = at(t, p->activation[n->out]),
                           .aux = at(t, p->aux[i]),
                           .work = at(t, p->work_bwd[i]),
                           .dy = at(t, p->signal[n->out]),
                           .dx = t->dx,
                           .set = can_set ? t->set : NULL};
  if (o) {
    o->backward(&c);
  } else {
    n->op->backward(&c);
  }
}

/** All maps of one tap of one pass, from activation and signal. */
static void extract_tap(struct tape *t, const struct plan_pass *pass, int tap, int slot)
{
  const struct plan *p = t->plan;
  const int value = p->taps[tap].value;
  const struct tape_tap x = {.plan = p,
                             .pass = pass,
                             .tap = tap,
                             .slot = slot,
                             .a = p->kept[value] ? at(t, p->activation[value]) : NULL,
                             .g = at(t, p->signal[value]),
                             .work = at(t, p->extract_work[tap]),
                             .rows = tape_rows(t, tap)};
  if (t->watch.see) t->watch.see(t->watch.who, (int)(pass - p->passes), tap, x.a, x.g);
  tape_extract(&x);
}

static void seed(struct tape *t, const int *classes)
{
  const struct plan *p = t->plan;
  const int output = p->graph->output, batch = p->batch;
  real *g = at(t, p->signal[output]);
  memset(g, 0, (size_t)p->graph->classes * (size_t)batch * sizeof *g);
  for (int b = 0; b < batch; b++) {
    assert(classes[b] < p->graph->classes);
    if (classes[b] >= 0) g[(int64_t)classes[b] * batch + b] = REAL(1.0);
  }
  t->fresh[output] = false;
}

void tape_backward(struct tape *t, int pass, int slot, const int *classes)
{
  const struct plan *p = t->plan;
  const struct plan_pass *now = &p->passes[pass];
  for (int v = 0; v < p->graph->n_values; v++) t->fresh[v] = true;
  seed(t, classes);
  for (int i = p->graph->n_nodes - 1; i >= 0; i--) {
    const int tap = p->tap_of_value[p->graph->nodes[i].out];
    tell(t, i, TAPE_EXTRACT);
    if (tap >= 0 && now->tapped[tap]) extract_tap(t, now, tap, slot);
    tell(t, i, TAPE_BACKWARD);
    node_backward(t, now, i);
  }
  const int tap = p->tap_of_value[p->graph->input];
  tell(t, -1, TAPE_EXTRACT);
  if (tap >= 0 && now->tapped[tap]) extract_tap(t, now, tap, slot);
  tell(t, -1, TAPE_END);
  t->n_backward++;
}

void tape_blank(struct tape *t, int b, int slot)
{
  const struct plan *p = t->plan;
  for (int i = 0; i < p->n_taps; i++) {
    const int64_t n = (int64_t)p->taps[i].n_methods * p->taps[i].height * p->taps[i].width;
    float *row = tape_rows(t, i) + ((int64_t)b * p->n_targets + slot) * n;
    for (int64_t u = 0; u < n; u++) row[u] = NAN;
  }
}
