/** @file
 *  Values by name: who defines each, and who reads it.  Names are sorted and searched by halves,
 *  which no choice of names can slow down. */
#include "io/onnx_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_name_then_origin(const void *a, const void *b)
{
  const struct onnx_value *x = a, *y = b;
  const int order = strcmp(x->name, y->name);
  return order ? order : (x->origin > y->origin) - (x->origin < y->origin);
}

static int by_name(const void *name, const void *value)
{
  return strcmp(name, ((const struct onnx_value *)value)->name);
}

int onnx_values_find(const struct onnx_model *m, const char *name)
{
  if (!m->n_values) return -1;
  const struct onnx_value *v =
      bsearch(name, m->values, (size_t)m->n_values, sizeof *m->values, by_name);
  return v ? (int)(v - m->values) : -1;
}

static err define(struct onnx_model *m, const char *name, enum onnx_origin origin, size_t index,
                  size_t slot)
{
  static const char *const what[] = {"initialiser", "input", "value"};
  CHECK(name && *name, ERR_FORMAT, "%s %zu has no name", what[origin], index);
  TRY(onnx_name_check(name, what[origin]));
  m->values[m->n_values++] = (struct onnx_value){.name = name,
                                                 .origin = origin,
                                                 .index = (int)index,
                                                 .slot = (int)slot,
                                                 .alias = -1,
                                                 .id = {-1, -1}};
  return ERR_OK;
}

static err define_node(struct onnx_model *m, size_t index)
{
  const Onnx__NodeProto *p = m->graph->node[index];
  CHECK(p->op_type && *p->op_type, ERR_FORMAT, "node %zu has no operator type", index);
  TRY(onnx_name_check(p->op_type, "operator type"));
  TRY(onnx_name_check(p->domain, "operator domain"));
  TRY(onnx_name_check(p->name, "node name"));
  for (size_t i = 0; i < p->n_output; i++)
    if (*p->output[i]) TRY(define(m, p->output[i], ONNX_NODE, index, i));
  return ERR_OK;
}

static err define_all(struct onnx_model *m)
{
  const Onnx__GraphProto *g = m->graph;
  for (size_t i = 0; i < g->n_initializer; i++)
    TRY(define(m, g->initializer[i]->name, ONNX_INITIALIZER, i, 0));
  for (size_t i = 0; i < g->n_input; i++) TRY(define(m, g->input[i]->name, ONNX_INPUT, i, 0));
  for (size_t i = 0; i < g->n_node; i++) TRY(define_node(m, i));
  return ERR_OK;
}

/** Sort, and merge an input with the initialiser of its name: before IR version 4 every initialiser
 *  had to be listed as an input too. */
static err sort_values(struct onnx_model *m)
{
  if (!m->n_values) return ERR_OK;
  qsort(m->values, (size_t)m->n_values, sizeof *m->values, by_name_then_origin);
  int kept = 0;
  for (int i = 1; i < m->n_values; i++) {
    const struct onnx_value *last = &m->values[kept], *v = &m->values[i];
    if (strcmp(last->name, v->name) != 0) {
      m->values[++kept] = *v;
      continue;
    }
    CHECK(last->origin == ONNX_INITIALIZER && v->origin == ONNX_INPUT, ERR_FORMAT,
          "value '%.200s' is defined twice", v->name);
  }
  m->n_values = kept + 1;
  return ERR_OK;
}

static err resolve(struct onnx_model *m, struct onnx_node *n)
{
  const Onnx__NodeProto *p = n->proto;
  for (int i = 0; i < n->n_in; i++) {
    n->in[i] = -1;
    if (!*p->input[i]) continue;
    TRY(onnx_name_check(p->input[i], "value"));
    n->in[i] = onnx_values_find(m, p->input[i]);
    CHECK(n->in[i] >= 0, ERR_FORMAT,
          "node '%.200s' (%.60s) reads '%.200s', which is neither an initialiser nor an input nor "
          "made by any node",
          onnx_node_name(p), p->op_type, p->input[i]);
  }
  for (int i = 0; i < n->n_out; i++) n->out[i] = onnx_values_find(m, p->output[i]);
  return ERR_OK;
}

static err resolve_all(struct onnx_model *m, size_t n_edges)
{
  const size_t n_nodes = m->graph->n_node;
  m->nodes = calloc(n_nodes + 1, sizeof *m->nodes);
  m->edges = calloc(n_edges + 1, sizeof *m->edges);
  CHECK(m->nodes && m->edges, ERR_MEMORY, "no memory for %zu nodes", n_nodes);
  m->n_nodes = (int)n_nodes;
  int *edge = m->edges;
  for (size_t i = 0; i < n_nodes; i++) {
    const Onnx__NodeProto *p = m->graph->node[i];
    const int n_in = (int)p->n_input, n_out = (int)p->n_output;
    m->nodes[i] = (struct onnx_node){
        .proto = p, .n_in = n_in, .n_out = n_out, .in = edge, .out = edge + n_in};
    edge += n_in + n_out;
    TRY(resolve(m, &m->nodes[i]));
  }
  return ERR_OK;
}

err onnx_values_make(struct onnx_model *m)
{
  const Onnx__GraphProto *g = m->graph;
  CHECK(!g->n_sparse_initializer, ERR_UNSUPPORTED,
        "the model has sparse initialisers; export it with dense weights");
  size_t n_values = g->n_initializer + g->n_input, n_edges = 0;
  for (size_t i = 0; i < g->n_node; i++) {
    n_values += g->node[i]->n_output;
    n_edges += g->node[i]->n_output + g->node[i]->n_input;
  }
  m->values = calloc(n_values + 1, sizeof *m->values);
  CHECK(m->values, ERR_MEMORY, "no memory for %zu values", n_values);
  TRY(define_all(m));
  TRY(sort_values(m));
  return resolve_all(m, n_edges);
}

/** "'a', 'b'" of the graph's outputs; text [bytes] overwritten; returns text. */
static const char *list_outputs(const struct onnx_model *m, char *text, size_t bytes)
{
  size_t used = 0;
  text[0] = 0;
  for (size_t i = 0; i < m->graph->n_output && used + 1 < bytes; i++) {
    const char *name = m->graph->output[i]->name;
    const int n = snprintf(text + used, bytes - used, "%s'%.80s'", i ? ", " : "", name ? name : "");
    used += n > 0 ? (size_t)n : 0;
  }
  return text;
}

err onnx_output_find(struct onnx_model *m)
{
  char list[400];
  const Onnx__GraphProto *g = m->graph;
  for (size_t i = 0; i < g->n_output; i++) TRY(onnx_name_check(g->output[i]->name, "output"));
  CHECK(g->n_output, ERR_FORMAT, "the model has no output");
  const char *name = m->options->output;
  CHECK(name || g->n_output == 1, ERR_UNSUPPORTED,
        "the model has %zu outputs; say which one holds the logits: %s", g->n_output,
        list_outputs(m, list, sizeof list));
  if (!name) name = g->output[0]->name ? g->output[0]->name : "";
  m->output = onnx_values_find(m, name);
  CHECK(m->output >= 0, m->options->output ? ERR_USAGE : ERR_FORMAT,
        "no node makes the output '%.200s'; the model's outputs are %s", name,
        list_outputs(m, list, sizeof list));
  return ERR_OK;
}

/** The node that makes a value by the engine, or NULL. */
static const struct onnx_node *maker(const struct onnx_model *m, int value)
{
  const struct onnx_value *v = onnx_value_of(m, value);
  return v->origin == ONNX_NODE && !v->constant ? &m->nodes[v->index] : NULL;
}

/** The axis is that of the classes of [1, K] or [1, K, 1, 1], and K is not lost in it. */
static err over_classes(struct onnx_model *m, const struct onnx_node *n, bool *yes)
{
  struct onnx_attrs *attrs = NULL;
  struct shape s;
  int64_t axis = 0;
  *yes = false;
  TRY(onnx_value_shape(m, n->in[0], &s));
  TRY(onnx_attrs_make(n->proto, &attrs));
  const err e = attr_int(onnx_attrs_list(attrs), "axis", m->opset < 13 ? 1 : -1, &axis);
  onnx_attrs_free(&attrs);
  if (e) return err_trace(e, __FILE__, __LINE__);
  if (axis < 0) axis += s.rank;
  *yes = s.rank >= 2 && s.dim[0] == 1 && axis == 1 && shape_inner(&s) == 1;
  return ERR_OK;
}

err onnx_output_logits(struct onnx_model *m)
{
  bool yes = false;
  if (m->options->output) return ERR_OK;
  const struct onnx_node *n = maker(m, m->output);
  while (n && n->n_in == 1 && !strcmp(n->proto->op_type, "Identity")) n = maker(m, n->in[0]);
  if (!n || n->n_in != 1 || n->in[0] < 0 || onnx_value_is_constant(m, n->in[0])) return ERR_OK;
  const bool softmax = !strcmp(n->proto->op_type, "Softmax");
  if (!softmax && strcmp(n->proto->op_type, "LogSoftmax") != 0) return ERR_OK;
  TRY(over_classes(m, n, &yes));
  if (!yes) return ERR_OK;
  (void)snprintf(m->notes.taken_off, sizeof m->notes.taken_off, "%s '%.100s'", n->proto->op_type,
                 onnx_node_name(n->proto));
  m->output = n->in[0];
  return ERR_OK;
}
