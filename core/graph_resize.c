/** @file
 *  The same network for images of another size. */
#include "core/graph.h"
#include "core/graph_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *copy_of(const void *from, size_t bytes)
{
  void *to = malloc(bytes + 1);
  if (to) memcpy(to, from, bytes);
  return to;
}

/** Everything as it is in g, but for attributes, of which none is there yet. */
static err copy_all(const struct graph *g, struct graph_storage *s)
{
  s->graph = *g;
  s->values = copy_of(g->values, (size_t)g->n_values * sizeof *g->values);
  s->nodes = copy_of(g->nodes, (size_t)g->n_nodes * sizeof *g->nodes);
  s->taps = copy_of(g->taps, (size_t)g->n_taps * sizeof *g->taps);
  s->owned = (void **)calloc((size_t)g->n_nodes + 1, sizeof(void *));
  CHECK(s->values && s->nodes && s->taps && s->owned, ERR_MEMORY,
        "no memory for a graph of %d nodes", g->n_nodes);
  s->graph.values = s->values;
  s->graph.nodes = s->nodes;
  s->graph.taps = s->taps;
  s->graph.n_inner = 0;
  s->graph.inner = NULL;
  return ERR_OK;
}

/** Attributes and output of node i from what its inputs have become; in: scratch for all of these. */
static err settle(struct graph_storage *s, int i, struct operand *in)
{
  struct node *n = &s->nodes[i];
  struct value *out = &s->values[n->out];
  struct shape ys = {0};
  n->attr = calloc(1, n->op->attr_bytes ? n->op->attr_bytes : 1);
  CHECK(n->attr, ERR_MEMORY, "no memory for node '%s'", n->name);
  s->owned[s->n_owned++] = n->attr;
  for (int k = 0; k < n->n_in; k++)
    in[k] = n->in[k] < 0 ? (struct operand){0} : s->values[n->in[k]].is;
  if (n->op->parse) TRY(n->op->parse(&n->given, s->graph.opset, n->attr));
  TRY(n->op->infer(n->attr, in, n->n_in, &ys));
  TRY(graph_check_shape(out->name, &ys));
  out->is.shape = ys;
  return ERR_OK;
}

/** Node by node; *at: the one under way, -1 behind the last. */
static err settle_all(struct graph_storage *s, int height, int width, int *at)
{
  const struct graph *g = &s->graph;
  struct shape *input = &s->values[g->input].is.shape;
  size_t most = 1;
  for (int i = 0; i < g->n_nodes; i++)
    most = (size_t)g->nodes[i].n_in > most ? (size_t)g->nodes[i].n_in : most;
  struct operand *in = calloc(most, sizeof *in);
  CHECK(in, ERR_MEMORY, "no memory for a graph of %d nodes", g->n_nodes);
  input->dim[2] = height;
  input->dim[3] = width;
  err e = graph_check_shape(g->values[g->input].name, input);
  for (*at = 0; *at < g->n_nodes && !e;) {
    e = settle(s, *at, in);
    *at += !e;
  }
  free(in);
  if (e) return err_trace(e, __FILE__, __LINE__);
  *at = -1;
  const struct shape *logits = &g->values[g->output].is.shape;
  CHECK(shape_channels(logits) == g->classes && shape_inner(logits) == 1, ERR_UNSUPPORTED,
        "it makes more than one logit of a class");
  return ERR_OK;
}

err graph_resize(const struct graph *g, int height, int width, struct graph **out)
{
  struct graph_storage *s = calloc(1, sizeof *s);
  CHECK(s, ERR_MEMORY, "no memory for a graph");
  struct graph *made = (struct graph *)s;
  int at = -1;
  err e = copy_all(g, s);
  if (!e) e = settle_all(s, height, width, &at);
  if (!e) {
    *out = &s->graph;
    return ERR_OK;
  }
  char why[768], node[256] = "";
  (void)snprintf(why, sizeof why, "%s", err_message());
  if (at >= 0) {
    (void)snprintf(node, sizeof node, "node '%.200s' (%s): ", g->nodes[at].name,
                   g->nodes[at].op->name);
  }
  graph_free(&made);
  return FAIL(e == ERR_MEMORY ? e : ERR_UNSUPPORTED,
              "the network does not take images of %d x %d: %s%s", height, width, node, why);
}

static bool same_shape(const struct shape *a, const struct shape *b)
{
  return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim);
}

/** A constant has the same numbers in both. */
static bool same_numbers(const struct operand *a, const struct operand *b)
{
  const size_t n = (size_t)shape_count(&a->shape);
  if (!a->data != !b->data || !a->ints != !b->ints) return false;
  return (!a->data || !memcmp(a->data, b->data, n * sizeof *a->data)) &&
         (!a->ints || !memcmp(a->ints, b->ints, n * sizeof *a->ints));
}

static bool same_operands(const struct graph *a, const struct graph *b, int i)
{
  const struct node *x = &a->nodes[i], *y = &b->nodes[i];
  if (x->op != y->op || x->n_in != y->n_in) return false;
  for (int k = 0; k < x->n_in; k++) {
    if (x->in[k] < 0 || y->in[k] < 0) {
      if (x->in[k] != y->in[k]) return false;
      continue;
    }
    const struct value *v = &a->values[x->in[k]], *w = &b->values[y->in[k]];
    if (v->tap != w->tap || !same_shape(&v->is.shape, &w->is.shape)) return false;
    if (v->is.fixed && !same_numbers(&v->is, &w->is)) return false;
  }
  return true;
}

bool graph_same(const struct graph *a, const struct graph *b, char *why, int bytes)
{
  why[0] = 0;
  if (a->n_nodes != b->n_nodes) {
    (void)snprintf(why, (size_t)bytes, "it has %d operators in place of %d", b->n_nodes,
                   a->n_nodes);
    return false;
  }
  for (int i = 0; i < a->n_nodes; i++) {
    if (same_operands(a, b, i)) continue;
    (void)snprintf(why, (size_t)bytes,
                   "node '%.200s' (%s) has constants made from the image's size", a->nodes[i].name,
                   a->nodes[i].op->name);
    return false;
  }
  return true;
}
