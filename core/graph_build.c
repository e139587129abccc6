/** @file
 *  Building a graph value by value and node by node. */
#include "core/graph.h"
#include "core/graph_impl.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct graph_builder {
  struct graph_storage *store;
  int n_values, max_values, n_nodes, max_nodes;
  int input, opset;
};

enum { MAX_NODE_INPUTS = 4096, MAX_VALUES = 1 << 22 };

err graph_builder_make(int opset, struct graph_builder **out)
{
  struct graph_builder *b = calloc(1, sizeof *b);
  struct graph_storage *s = calloc(1, sizeof *s);
  if (!b || !s) {
    free(b);
    free(s);
    return FAIL(ERR_MEMORY, "no memory for a graph");
  }
  b->store = s;
  b->input = -1;
  b->opset = opset;
  *out = b;
  return ERR_OK;
}

void graph_builder_free(struct graph_builder **b)
{
  if (!*b) return;
  struct graph *g = (struct graph *)(*b)->store;
  graph_free(&g);
  free(*b);
  *b = NULL;
}

/** Make sure that array *p of `bytes`-sized items has room for one more than n. */
static err grow(void *p, int n, int *max, size_t bytes)
{
  if (n < *max) return ERR_OK;
  CHECK(n < MAX_VALUES, ERR_FORMAT, "the model has more than %d values", MAX_VALUES);
  const int bigger = *max ? 2 * *max : 64;
  void *q;
  memcpy(&q, p, sizeof q); /* p points at a pointer of any type */
  q = realloc(q, (size_t)bigger * bytes);
  CHECK(q, ERR_MEMORY, "no memory for %d values", bigger);
  memcpy(p, &q, sizeof q);
  *max = bigger;
  return ERR_OK;
}

/** Hand memory over to the graph; freed at once when that fails. */
static err own(struct graph_storage *s, void *memory)
{
  const err e = grow(&s->owned, s->n_owned, &s->max_owned, sizeof *s->owned);
  if (e) {
    free(memory);
    return err_certain(err_trace(e, __FILE__, __LINE__));
  }
  s->owned[s->n_owned++] = memory;
  return ERR_OK;
}

static err copy_name(struct graph_storage *s, const char *name, const char **out)
{
  char *copy = strdup(name);
  CHECK(copy, ERR_MEMORY, "no memory for a name");
  TRY(own(s, copy));
  *out = copy;
  return ERR_OK;
}

err graph_check_shape(const char *name, const struct shape *shape)
{
  int64_t n = 1;
  CHECK(shape->rank >= 0 && shape->rank <= SHAPE_MAX_RANK, ERR_UNSUPPORTED,
        "value '%s' has %d dimensions; at most %d are supported", name, shape->rank,
        SHAPE_MAX_RANK);
  for (int i = 0; i < shape->rank; i++) {
    CHECK(shape->dim[i] > 0, ERR_SHAPE, "value '%s' has extent %d in dimension %d", name,
          shape->dim[i], i);
    n *= shape->dim[i];
    CHECK(n <= INT_MAX, ERR_SHAPE, "value '%s' has more than %d elements", name, INT_MAX);
  }
  return ERR_OK;
}

static err add_value(struct graph_builder *b, const char *name, const struct operand *is,
                     int producer, int *id)
{
  TRY(graph_check_shape(name, &is->shape));
  TRY(grow(&b->store->values, b->n_values, &b->max_values, sizeof *b->store->values));
  struct value *v = &b->store->values[b->n_values];
  *v = (struct value){.is = *is, .producer = producer, .tap = -1};
  TRY(copy_name(b->store, name, &v->name));
  *id = b->n_values++;
  return ERR_OK;
}

err graph_add_input(struct graph_builder *b, const char *name, const struct shape *shape, int *id)
{
  CHECK(b->input < 0, ERR_UNSUPPORTED, "the model has several inputs: '%s' and '%s'",
        b->store->values[b->input].name, name);
  const struct operand is = {.present = true, .shape = *shape};
  TRY(add_value(b, name, &is, -1, id));
  b->input = *id;
  return ERR_OK;
}

err graph_add_floats(struct graph_builder *b, const char *name, const struct shape *shape,
                     real *data, int *id)
{
  TRY(own(b->store, data));
  const struct operand is = {.present = true, .fixed = true, .shape = *shape, .data = data};
  TRY(add_value(b, name, &is, -1, id));
  return ERR_OK;
}

err graph_add_borrowed(struct graph_builder *b, const char *name, const struct shape *shape,
                       const real *data, int *id)
{
  const struct operand is = {.present = true, .fixed = true, .shape = *shape, .data = data};
  return add_value(b, name, &is, -1, id);
}

err graph_keep_mapping(struct graph_builder *b, void *memory, size_t bytes)
{
  struct graph_storage *s = b->store;
  const err e = grow(&s->mappings, s->n_mappings, &s->max_mappings, sizeof *s->mappings);
  if (e) {
    (void)munmap(memory, bytes);
    return err_trace(e, __FILE__, __LINE__);
  }
  s->mappings[s->n_mappings++] = (struct mapping){memory, bytes};
  return ERR_OK;
}

err graph_add_ints(struct graph_builder *b, const char *name, const struct shape *shape,
                   const int64_t *data, int *id)
{
  TRY(graph_check_shape(name, shape));
  const size_t bytes = (size_t)shape_count(shape) * sizeof *data;
  int64_t *copy = malloc(bytes);
  CHECK(copy, ERR_MEMORY, "no memory for constant '%s'", name);
  memcpy(copy, data, bytes);
  TRY(own(b->store, copy));
  const struct operand is = {.present = true, .fixed = true, .shape = *shape, .ints = copy};
  TRY(add_value(b, name, &is, -1, id));
  return ERR_OK;
}

/** Give a failure of an operator the node's name in front. */
static err blame(err e, const struct graph_node_spec *spec, int opset)
{
  char why[768];
  (void)strncpy(why, err_message(), sizeof why - 1);
  why[sizeof why - 1] = 0;
  const char *name = spec->name && *spec->name ? spec->name : spec->out_name;
  return FAIL(e, "node '%.200s' (%s, opset %d): %s", name, spec->op->name, opset, why);
}

static err gather_operands(const struct graph_builder *b, const struct graph_node_spec *spec,
                           struct operand *in)
{
  const struct op *op = spec->op;
  CHECK(spec->n_in >= op->min_in, ERR_FORMAT, "%d inputs, but %s takes at least %d", spec->n_in,
        op->name, op->min_in);
  CHECK(op->max_in < 0 || spec->n_in <= op->max_in, ERR_FORMAT,
        "%d inputs, but %s takes at most %d", spec->n_in, op->name, op->max_in);
  bool activation = false;
  for (int i = 0; i < spec->n_in; i++) {
    in[i] = (struct operand){0};
    if (spec->in[i] < 0) {
      CHECK(i >= op->min_in, ERR_FORMAT, "input %d is missing", i);
      continue;
    }
    in[i] = b->store->values[spec->in[i]].is;
    activation = activation || !in[i].fixed;
  }
  CHECK(activation, ERR_UNSUPPORTED, "no input depends on the image, and it is not a constant");
  return ERR_OK;
}

/** Parse attributes, gather operands, infer the output's shape. */
static err settle(const struct graph_builder *b, const struct graph_node_spec *spec, void *attr,
                  struct operand *in, struct shape *ys)
{
  *ys = (struct shape){0};
  TRY(gather_operands(b, spec, in));
  if (spec->op->parse) TRY(spec->op->parse(&spec->attrs, b->opset, attr));
  TRY(spec->op->infer(attr, in, spec->n_in, ys));
  return ERR_OK;
}

err graph_add_node(struct graph_builder *b, const struct graph_node_spec *spec, int *id)
{
  struct graph_storage *s = b->store;
  CHECK(spec->n_in >= 0 && spec->n_in <= MAX_NODE_INPUTS, ERR_FORMAT, "node '%s' has %d inputs",
        spec->out_name, spec->n_in);
  const size_t slots = spec->n_in ? (size_t)spec->n_in : 1;
  int *in = calloc(slots, sizeof *in);
  CHECK(in, ERR_MEMORY, "no memory for node '%s'", spec->out_name);
  TRY(own(s, in));
  for (int i = 0; i < spec->n_in; i++) in[i] = spec->in[i];
  void *attr = calloc(1, spec->op->attr_bytes ? spec->op->attr_bytes : 1);
  CHECK(attr, ERR_MEMORY, "no memory for node '%s'", spec->out_name);
  TRY(own(s, attr));
  void *given = malloc(attr_copy_bytes(&spec->attrs) + 1);
  CHECK(given, ERR_MEMORY, "no memory for node '%s'", spec->out_name);
  TRY(own(s, given));
  struct operand *operands = calloc(slots, sizeof *operands);
  CHECK(operands, ERR_MEMORY, "no memory for node '%s'", spec->out_name);
  struct operand y = {.present = true};
  const err e = settle(b, spec, attr, operands, &y.shape);
  free(operands);
  if (e) return blame(e, spec, b->opset);

  TRY(grow(&s->nodes, b->n_nodes, &b->max_nodes, sizeof *s->nodes));
  TRY(add_value(b, spec->out_name, &y, b->n_nodes, id));
  struct node *n = &s->nodes[b->n_nodes];
  *n = (struct node){.op = spec->op,
                     .attr = attr,
                     .given = attr_copy(&spec->attrs, given),
                     .n_in = spec->n_in,
                     .in = in,
                     .out = *id};
  TRY(copy_name(s, spec->name && *spec->name ? spec->name : spec->out_name, &n->name));
  b->n_nodes++;
  return ERR_OK;
}

err graph_note_inner(struct graph_builder *b, const char *name, int value)
{
  struct graph_storage *s = b->store;
  TRY(grow(&s->inner, s->n_inner, &s->max_inner, sizeof *s->inner));
  TRY(copy_name(s, name, &s->inner[s->n_inner].name));
  s->inner[s->n_inner++].value = value;
  return ERR_OK;
}

const struct shape *graph_builder_shape(const struct graph_builder *b, int id)
{
  return &b->store->values[id].is.shape;
}

/** Keep only the nodes that lead to the output, in order; values keep their ids. */
static err drop_dead_nodes(struct graph_builder *b, int output)
{
  struct graph_storage *s = b->store;
  bool *alive = calloc((size_t)b->n_values, sizeof *alive);
  CHECK(alive, ERR_MEMORY, "no memory for %d values", b->n_values);
  alive[output] = true;
  for (int i = b->n_nodes - 1; i >= 0; i--) {
    for (int k = 0; alive[s->nodes[i].out] && k < s->nodes[i].n_in; k++)
      if (s->nodes[i].in[k] >= 0) alive[s->nodes[i].in[k]] = true;
  }
  int kept = 0;
  for (int i = 0; i < b->n_nodes; i++) {
    const int out = s->nodes[i].out;
    s->values[out].producer = alive[out] ? kept : -1;
    if (alive[out]) s->nodes[kept++] = s->nodes[i];
  }
  const bool reached = b->input >= 0 && alive[b->input];
  b->n_nodes = kept;
  free(alive);
  CHECK(reached, ERR_UNSUPPORTED, "the model's output does not depend on its input");
  return ERR_OK;
}

static err number_taps(struct graph_builder *b)
{
  struct graph_storage *s = b->store;
  s->taps = calloc((size_t)b->n_nodes + 1, sizeof *s->taps);
  CHECK(s->taps, ERR_MEMORY, "no memory for %d taps", b->n_nodes);
  s->taps[0] = b->input;
  s->values[b->input].tap = 0;
  for (int i = 0; i < b->n_nodes; i++) {
    s->taps[i + 1] = s->nodes[i].out;
    s->values[s->nodes[i].out].tap = i + 1;
  }
  return ERR_OK;
}

err graph_finish(struct graph_builder **builder, int output, struct graph **out)
{
  struct graph_builder *b = *builder;
  struct graph_storage *s = b->store;
  const struct shape *logits = &s->values[output].is.shape;
  char text[64];
  CHECK(logits->rank >= 2 && logits->dim[0] == 1 && shape_inner(logits) == 1, ERR_UNSUPPORTED,
        "output '%s' has shape %s; logits [N, classes] are expected", s->values[output].name,
        shape_text(logits, "N", text, sizeof text));
  TRY(drop_dead_nodes(b, output));
  TRY(number_taps(b));
  int64_t weights = 0;
  for (int i = 0; i < b->n_values; i++) {
    if (s->values[i].is.data)
      weights += shape_count(&s->values[i].is.shape) * (int64_t)sizeof(real);
  }
  s->graph = (struct graph){.n_values = b->n_values,
                            .n_nodes = b->n_nodes,
                            .n_taps = b->n_nodes + 1,
                            .values = s->values,
                            .nodes = s->nodes,
                            .taps = s->taps,
                            .input = b->input,
                            .output = output,
                            .classes = shape_channels(logits),
                            .opset = b->opset,
                            .weight_bytes = weights,
                            .n_inner = s->n_inner,
                            .inner = s->inner};
  *out = &s->graph;
  free(b);
  *builder = NULL;
  return ERR_OK;
}
