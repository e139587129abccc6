/** @file
 *  Which nodes lead to the output, and an order in which each comes after those that it reads.
 *  Both walks keep their own stack: a hostile chain is as long as the file allows. */
#include "io/onnx_impl.h"

#include <stdlib.h>

/** Node that makes a value, or -1. */
static int producer(const struct onnx_model *m, int value)
{
  return value >= 0 && m->values[value].origin == ONNX_NODE ? m->values[value].index : -1;
}

/** Mark the node that makes `value`, and put it on the stack when it was not marked before. */
static err want(struct onnx_model *m, int value, int *stack, int *n_stack)
{
  const int p = producer(m, value);
  if (p < 0) return ERR_OK;
  struct onnx_node *n = &m->nodes[p];
  CHECK(m->values[value].slot == 0 || onnx_adapt_splits(n->proto->op_type), ERR_UNSUPPORTED,
        "node '%.200s' (%.60s, opset %d): its output %d, '%.200s', is used; only first outputs are "
        "supported",
        onnx_node_name(n->proto), n->proto->op_type, m->opset, m->values[value].slot + 1,
        m->values[value].name);
  if (!n->wanted) stack[(*n_stack)++] = p;
  n->wanted = true;
  return ERR_OK;
}

static err mark(struct onnx_model *m, int *stack)
{
  int n_stack = 0;
  TRY(want(m, m->output, stack, &n_stack));
  while (n_stack) {
    const struct onnx_node *n = &m->nodes[stack[--n_stack]];
    for (int i = 0; i < n->n_in; i++) TRY(want(m, n->in[i], stack, &n_stack));
  }
  return ERR_OK;
}

enum state { UNSEEN, OPEN, ORDERED };

struct walk {
  int *stack;  /* nodes that wait for their inputs */
  int *next;   /* [n_nodes] input to look at next */
  char *state; /* [n_nodes] */
};

/** Append `first` to the order, after everything that it reads and that is not there yet. */
static err visit(struct onnx_model *m, struct walk *w, int first)
{
  int n_stack = 0;
  w->stack[n_stack++] = first;
  w->state[first] = OPEN;
  while (n_stack) {
    const int at = w->stack[n_stack - 1];
    const struct onnx_node *n = &m->nodes[at];
    if (w->next[at] == n->n_in) {
      w->state[at] = ORDERED;
      m->order[m->n_order++] = at;
      n_stack--;
      continue;
    }
    const int p = producer(m, n->in[w->next[at]++]);
    if (p < 0 || w->state[p] == ORDERED) continue;
    CHECK(w->state[p] == UNSEEN, ERR_FORMAT,
          "the graph is cyclic: node '%.200s' (%.60s) depends on its own output",
          onnx_node_name(m->nodes[p].proto), m->nodes[p].proto->op_type);
    w->state[p] = OPEN;
    w->stack[n_stack++] = p;
  }
  return ERR_OK;
}

static err walk_all(struct onnx_model *m, struct walk *w)
{
  TRY(mark(m, w->stack));
  for (int i = 0; i < m->n_nodes; i++)
    if (m->nodes[i].wanted && w->state[i] == UNSEEN) TRY(visit(m, w, i));
  return ERR_OK;
}

err onnx_order_make(struct onnx_model *m)
{
  err e = ERR_OK;
  const size_t n = (size_t)m->n_nodes + 1;
  struct walk w = {.stack = calloc(n, sizeof *w.stack),
                   .next = calloc(n, sizeof *w.next),
                   .state = calloc(n, sizeof *w.state)};
  m->order = calloc(n, sizeof *m->order);
  CHECK_DONE(w.stack && w.next && w.state && m->order, ERR_MEMORY, "no memory for %zu nodes", n);
  TRY_DONE(walk_all(m, &w));
done:
  free(w.stack);
  free(w.next);
  free(w.state);
  return e;
}
