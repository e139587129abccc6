/** @file
 *  Patterns: several nodes of the file that are one operator of the engine, found from the last of
 *  them.  The nodes before it are in the graph by then, and leave it where nothing else reads them. */
#include "io/onnx_pattern.h"

#include <string.h>

static const struct pattern {
  const char *last, *makes;
  bool (*match)(struct look *l, const struct onnx_node *last);
} patterns[] = {
#define PATTERN(last, makes, name) {#last, #makes, onnx_pattern_##name},
#include "io/onnx_pattern_list.h"
#undef PATTERN
};

/** The node that makes a value between the pattern's inputs and its output, or NULL. */
static const struct onnx_node *inner_node(const struct look *l, int value)
{
  if (value < 0 || onnx_value_is_constant(l->m, value)) return NULL;
  for (int i = 0; i < l->found.n_in; i++)
    if (onnx_match_same(l, value, l->found.in[i])) return NULL;
  const struct onnx_value *v = onnx_value_of(l->m, value);
  return v->origin == ONNX_NODE ? &l->m->nodes[v->index] : NULL;
}

/** Tell the graph what the values and nodes inside a pattern became part of, for those who ask for them. */
static err note_inner(struct look *l, const struct onnx_node *last, int id)
{
  enum { DEPTH = 64 }; /* more than the nodes of any pattern, some met twice */
  const struct onnx_node *stack[DEPTH] = {last};
  for (int n = 1; n;) {
    const struct onnx_node *at = stack[--n];
    for (int i = 0; i < at->n_in; i++) {
      const struct onnx_node *inner = inner_node(l, at->in[i]);
      if (!inner || n == DEPTH) continue;
      TRY(graph_note_inner(l->m->builder, onnx_value_of(l->m, at->in[i])->name, id));
      if (inner->proto->name && *inner->proto->name)
        TRY(graph_note_inner(l->m->builder, inner->proto->name, id));
      stack[n++] = inner;
    }
  }
  return ERR_OK;
}

static err replace(struct look *l, const struct pattern *p, const struct onnx_node *last)
{
  Onnx__NodeProto proto = *last->proto;
  char type[32];
  (void)strncpy(type, p->makes, sizeof type - 1);
  type[sizeof type - 1] = 0;
  proto.op_type = type;
  struct onnx_node n = {.proto = &proto,
                        .n_in = l->found.n_in,
                        .n_out = last->n_out,
                        .in = l->found.in,
                        .out = last->out,
                        .wanted = true};
  const struct attr_list attrs = {.n = l->found.n_attrs, .item = l->found.attr};
  TRY(onnx_adapt(l->m, &n, &attrs));
  const int *id = onnx_value_of(l->m, last->out[0])->id;
  for (int view = 0; view < ONNX_VIEWS; view++)
    if (id[view] >= 0) TRY(note_inner(l, last, id[view]));
  return ERR_OK;
}

err onnx_pattern(struct onnx_model *m, const struct onnx_node *n, bool *done)
{
  *done = false;
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    const struct pattern *p = &patterns[i];
    struct look l = {.m = m};
    if (strcmp(p->last, n->proto->op_type) != 0 || !op_find(p->makes) || !p->match(&l, n)) continue;
    *done = true;
    return replace(&l, p, n);
  }
  return ERR_OK;
}
