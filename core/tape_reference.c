/** @file
 *  Forward passes of the references of rules. */
#include "core/average.h"
#include "core/tape_impl.h"

#include <stdlib.h>
#include <string.h>

struct tape_reference {
  real *values;
  unsigned char *aux;
  real *input, *difference; /* the input itself; of one tap */
  const real **x;           /* [most inputs of a node] */
  struct op_reference now;
  void *work;
  int running; /* reference on its way, -1: the input itself */
};

void tape_reference_free(struct tape_reference **reference)
{
  struct tape_reference *r = *reference;
  if (!r) return;
  free(r->values);
  free(r->aux);
  free(r->input);
  free(r->difference);
  free((void *)r->x);
  free(r->work);
  free(r);
  *reference = NULL;
}

err tape_reference_make(const struct plan *p, size_t inputs, struct tape_reference **out)
{
  *out = NULL;
  if (!p->n_references) return ERR_OK;
  struct tape_reference *r = calloc(1, sizeof *r);
  CHECK(r, ERR_MEMORY, "no memory for references");
  const struct shape *s = &p->graph->values[p->graph->input].is.shape;
  r->running = -1;
  r->values = calloc((size_t)p->reference_reals + 1, sizeof *r->values);
  r->aux = malloc((size_t)p->reference_aux + 1);
  r->input = calloc((size_t)plan_elements(p, p->graph->input), sizeof *r->input);
  r->difference = calloc((size_t)plan_largest_tap(p), sizeof *r->difference);
  r->x = (const real **)calloc(inputs, sizeof *r->x);
  r->work = malloc((size_t)average_work_bytes(shape_height(s), shape_width(s)));
  if (!r->values || !r->aux || !r->input || !r->difference || !r->x || !r->work) {
    tape_reference_free(&r);
    return FAIL(ERR_MEMORY, "no memory for references: %.1f MiB; lower --unit",
                (double)(p->reference_reals * (int64_t)sizeof(real) + p->reference_aux) /
                    1048576.0);
  }
  *out = r;
  return ERR_OK;
}

static void keep(const struct plan *p, struct tape_reference *r, int value, const real *x)
{
  const int64_t home = p->references[r->running].x[value];
  if (home >= 0) memcpy(r->values + home, x, (size_t)plan_elements(p, value) * sizeof *x);
}

void tape_reference_keep(struct tape *t, int node, const real *y, const void *aux)
{
  const struct plan *p = t->plan;
  struct tape_reference *r = t->reference;
  if (r->running < 0) return;
  const struct node *n = &p->graph->nodes[node];
  const int64_t home = p->references[r->running].aux[node];
  keep(p, r, n->out, y);
  if (home >= 0) memcpy(r->aux + home, aux, n->op->aux_bytes(&p->sites[node]));
}

/** The input of every sample becomes its reference. */
static void make_input(struct tape *t, int i)
{
  const struct plan *p = t->plan;
  const struct tape_reference *r = t->reference;
  const struct rule_use *use = &p->references[i].rule;
  const struct shape *x = &p->graph->values[p->graph->input].is.shape;
  const int64_t plane = shape_inner(x);
  for (int b = 0; b < p->batch; b++) {
    const struct average_site site = {.with = &use->with,
                                      .image = {shape_channels(x), shape_height(x), shape_width(x),
                                                plane * p->batch, r->input + b * plane},
                                      .black = p->input_low,
                                      .baselines = p->baselines,
                                      .n_baselines = p->n_baselines,
                                      .work = r->work};
    average_baseline(&site, use->rule->params, tape_input(t) + b * plane);
  }
}

void tape_references(struct tape *t, void (*forward)(struct tape *t))
{
  const struct plan *p = t->plan;
  struct tape_reference *r = t->reference;
  const size_t bytes = (size_t)plan_elements(p, p->graph->input) * sizeof *r->input;
  memcpy(r->input, tape_input(t), bytes);
  for (int i = 0; i < p->n_references; i++) {
    r->running = i;
    make_input(t, i);
    keep(p, r, p->graph->input, tape_input(t));
    forward(t);
  }
  r->running = -1;
  memcpy(tape_input(t), r->input, bytes);
}

const struct op_reference *tape_reference_at(struct tape *t, int reference, int node)
{
  const struct plan *p = t->plan;
  struct tape_reference *r = t->reference;
  const struct node *n = &p->graph->nodes[node];
  const struct plan_reference *from = &p->references[reference];
  for (int k = 0; k < n->n_in; k++) {
    const int v = n->in[k];
    r->x[k] = v < 0                          ? NULL
              : p->graph->values[v].is.fixed ? p->graph->values[v].is.data
              : from->x[v] < 0               ? NULL
                                             : r->values + from->x[v];
  }
  r->now = (struct op_reference){.x = r->x,
                                 .y = from->x[n->out] < 0 ? NULL : r->values + from->x[n->out],
                                 .aux = from->aux[node] < 0 ? NULL : r->aux + from->aux[node]};
  return &r->now;
}

const real *tape_reference_difference(struct tape *t, int reference, int value, const real *a)
{
  const struct plan *p = t->plan;
  struct tape_reference *r = t->reference;
  const real *from = r->values + p->references[reference].x[value];
  if (!a) return NULL;
  for (int64_t i = 0; i < plan_elements(p, value); i++) r->difference[i] = a[i] - from[i];
  return r->difference;
}
