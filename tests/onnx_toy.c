/** @file
 *  Small ONNX models made in memory. */
#include "tests/onnx_toy.h"

#include "tests/check.h"

#include <stdlib.h>
#include <string.h>

void *onnx_toy_keep(struct onnx_toy *t, size_t bytes)
{
  void *p = calloc(1, bytes ? bytes : 1);
  assert_non_null(p);
  assert_true(t->n_pool < (int)(sizeof t->pool / sizeof *t->pool));
  t->pool[t->n_pool++] = p;
  return p;
}

char *onnx_toy_text(struct onnx_toy *t, const char *text)
{
  return memcpy(onnx_toy_keep(t, strlen(text) + 1), text, strlen(text));
}

Onnx__TensorProto *onnx_toy_tensor(struct onnx_toy *t, const char *name, int type, int rank,
                                   const int64_t *dims)
{
  Onnx__TensorProto *x = onnx_toy_keep(t, sizeof *x);
  onnx__tensor_proto__init(x);
  x->name = onnx_toy_text(t, name);
  x->has_data_type = 1;
  x->data_type = type;
  x->n_dims = (size_t)rank;
  x->dims = onnx_toy_keep(t, (size_t)rank * sizeof *dims);
  for (int i = 0; i < rank; i++) x->dims[i] = dims[i];
  return x;
}

Onnx__TensorProto *onnx_toy_raw(struct onnx_toy *t, Onnx__TensorProto *x, const void *data,
                                size_t bytes)
{
  x->has_raw_data = 1;
  x->raw_data.len = bytes;
  x->raw_data.data = onnx_toy_keep(t, bytes);
  memcpy(x->raw_data.data, data, bytes);
  return x;
}

Onnx__TensorProto *onnx_toy_add(struct onnx_toy *t, Onnx__TensorProto *x)
{
  t->tensor[t->graph.n_initializer++] = x;
  return x;
}

Onnx__TensorProto *onnx_toy_count(struct onnx_toy *t, const char *name, int rank,
                                  const int64_t *dims)
{
  size_t n = 1;
  for (int i = 0; i < rank; i++) n *= (size_t)dims[i];
  float *data = onnx_toy_keep(t, n * sizeof *data);
  for (size_t i = 0; i < n; i++) data[i] = (float)i;
  Onnx__TensorProto *x = onnx_toy_tensor(t, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, rank, dims);
  return onnx_toy_add(t, onnx_toy_raw(t, x, data, n * sizeof *data));
}

Onnx__TensorProto *onnx_toy_ints(struct onnx_toy *t, const char *name, int n, const int64_t *list)
{
  const int64_t dims[] = {n};
  Onnx__TensorProto *x = onnx_toy_tensor(t, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, 1, dims);
  return onnx_toy_add(t, onnx_toy_raw(t, x, list, (size_t)n * sizeof *list));
}

void onnx_toy_external(struct onnx_toy *t, Onnx__TensorProto *x, const char *location,
                       const char *offset, const char *length)
{
  const char *const entries[][2] = {
      {"location", location}, {"offset", offset}, {"length", length}, {"comment", "none"}};
  x->has_raw_data = 0;
  x->has_data_location = 1;
  x->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
  x->external_data = onnx_toy_keep(t, 4 * sizeof(void *));
  for (size_t i = 0; i < 4; i++) {
    if (!*entries[i][1]) continue;
    Onnx__StringStringEntryProto *e = onnx_toy_keep(t, sizeof *e);
    onnx__string_string_entry_proto__init(e);
    e->key = onnx_toy_text(t, entries[i][0]);
    e->value = onnx_toy_text(t, entries[i][1]);
    x->external_data[x->n_external_data++] = e;
  }
}

/** Cut a text at its blanks. */
static char **split(struct onnx_toy *t, const char *text, size_t *n)
{
  char **list = onnx_toy_keep(t, TOY_MAX * sizeof(char *));
  char *rest = onnx_toy_text(t, text), *save = NULL;
  *n = 0;
  for (char *p = strtok_r(rest, " ", &save); p; p = strtok_r(NULL, " ", &save))
    list[(*n)++] = strcmp(p, "-") ? p : onnx_toy_text(t, "");
  return list;
}

Onnx__NodeProto *onnx_toy_node(struct onnx_toy *t, const char *op, const char *name, const char *in,
                               const char *out)
{
  Onnx__NodeProto *n = onnx_toy_keep(t, sizeof *n);
  onnx__node_proto__init(n);
  n->op_type = onnx_toy_text(t, op);
  n->name = onnx_toy_text(t, name);
  n->input = split(t, in, &n->n_input);
  n->output = split(t, out, &n->n_output);
  n->attribute = onnx_toy_keep(t, TOY_MAX * sizeof(void *));
  t->node[t->graph.n_node++] = n;
  return n;
}

Onnx__AttributeProto *onnx_toy_attr(struct onnx_toy *t, Onnx__NodeProto *n, const char *name,
                                    int type)
{
  Onnx__AttributeProto *a = onnx_toy_keep(t, sizeof *a);
  onnx__attribute_proto__init(a);
  a->name = onnx_toy_text(t, name);
  a->has_type = 1;
  a->type = (Onnx__AttributeProto__AttributeType)type;
  n->attribute[n->n_attribute++] = a;
  return a;
}

void onnx_toy_attr_int(struct onnx_toy *t, Onnx__NodeProto *n, const char *name, int64_t i)
{
  Onnx__AttributeProto *a = onnx_toy_attr(t, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
  a->has_i = 1;
  a->i = i;
}

void onnx_toy_attr_ints(struct onnx_toy *t, Onnx__NodeProto *n, const char *name, int count,
                        const int64_t *list)
{
  Onnx__AttributeProto *a = onnx_toy_attr(t, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
  a->n_ints = (size_t)count;
  a->ints = onnx_toy_keep(t, (size_t)count * sizeof *list);
  memcpy(a->ints, list, (size_t)count * sizeof *list);
}

static Onnx__TensorShapeProto *make_shape(struct onnx_toy *t, int rank, const int64_t *dims)
{
  Onnx__TensorShapeProto *s = onnx_toy_keep(t, sizeof *s);
  onnx__tensor_shape_proto__init(s);
  s->n_dim = (size_t)rank;
  s->dim = onnx_toy_keep(t, (size_t)rank * sizeof(void *));
  for (int i = 0; i < rank; i++) {
    s->dim[i] = onnx_toy_keep(t, sizeof *s->dim[i]);
    onnx__tensor_shape_proto__dimension__init(s->dim[i]);
    s->dim[i]->value_case = dims[i] < 0 ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                                        : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    if (dims[i] < 0) {
      s->dim[i]->dim_param = onnx_toy_text(t, i ? "side" : "N");
    } else {
      s->dim[i]->dim_value = dims[i];
    }
  }
  return s;
}

Onnx__ValueInfoProto *onnx_toy_input(struct onnx_toy *t, const char *name, int rank,
                                     const int64_t *dims)
{
  Onnx__ValueInfoProto *v = onnx_toy_keep(t, sizeof *v);
  onnx__value_info_proto__init(v);
  v->name = onnx_toy_text(t, name);
  v->type = onnx_toy_keep(t, sizeof *v->type);
  onnx__type_proto__init(v->type);
  v->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  v->type->tensor_type = onnx_toy_keep(t, sizeof *v->type->tensor_type);
  onnx__type_proto__tensor__init(v->type->tensor_type);
  v->type->tensor_type->has_elem_type = 1;
  v->type->tensor_type->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
  v->type->tensor_type->shape = make_shape(t, rank, dims);
  t->input[t->graph.n_input++] = v;
  return v;
}

void onnx_toy_output(struct onnx_toy *t, const char *name)
{
  Onnx__ValueInfoProto *v = onnx_toy_keep(t, sizeof *v);
  onnx__value_info_proto__init(v);
  v->name = onnx_toy_text(t, name);
  t->output[t->graph.n_output++] = v;
}

struct onnx_toy *onnx_toy_make_bare(void)
{
  static const int64_t image[] = {-1, 3, 8, 8};
  struct onnx_toy *t = calloc(1, sizeof *t);
  assert_non_null(t);
  onnx__model_proto__init(&t->proto);
  onnx__graph_proto__init(&t->graph);
  onnx__operator_set_id_proto__init(&t->opset);
  t->proto.has_ir_version = 1;
  t->proto.ir_version = 7;
  t->opset.has_version = 1;
  t->opset.version = 12;
  t->proto.n_opset_import = 1;
  t->proto.opset_import = onnx_toy_keep(t, 4 * sizeof(void *));
  t->proto.opset_import[0] = &t->opset;
  t->proto.graph = &t->graph;
  t->graph.initializer = t->tensor;
  t->graph.node = t->node;
  t->graph.input = t->input;
  t->graph.output = t->output;
  (void)onnx_toy_input(t, "input", 4, image);
  onnx_toy_output(t, "logits");
  return t;
}

struct onnx_toy *onnx_toy_make(void)
{
  static const int64_t pads[] = {1, 1, 1, 1}, w[] = {4, 3, 3, 3}, w2[] = {5, 4};
  struct onnx_toy *t = onnx_toy_make_bare();
  (void)onnx_toy_count(t, "w", 4, w);
  (void)onnx_toy_count(t, "w2", 2, w2);
  (void)onnx_toy_count(t, "b2", 1, w2);
  onnx_toy_attr_ints(t, onnx_toy_node(t, "Conv", "conv", "input w", "c"), "pads", 4, pads);
  (void)onnx_toy_node(t, "Relu", "relu", "c", "r");
  (void)onnx_toy_node(t, "GlobalAveragePool", "", "r", "g");
  (void)onnx_toy_node(t, "Flatten", "flatten", "g", "f");
  onnx_toy_attr_int(t, onnx_toy_node(t, "Gemm", "gemm", "f w2 b2", "logits"), "transB", 1);
  return t;
}

struct onnx_toy *onnx_toy_make_reshape(void)
{
  struct onnx_toy *t = onnx_toy_make();
  Onnx__NodeProto *n = onnx_toy_find_node(t, "flatten");
  n->op_type = onnx_toy_text(t, "Reshape");
  n->n_input = 2;
  n->input[1] = onnx_toy_text(t, "s");
  return t;
}

void onnx_toy_free(struct onnx_toy *t)
{
  for (int i = 0; i < t->n_pool; i++) free(t->pool[i]);
  free(t);
}

Onnx__TensorProto *onnx_toy_find_tensor(struct onnx_toy *t, const char *name)
{
  for (size_t i = 0; i < t->graph.n_initializer; i++)
    if (!strcmp(t->tensor[i]->name, name)) return t->tensor[i];
  fail_msg("no tensor %s", name);
  return NULL;
}

Onnx__NodeProto *onnx_toy_find_node(struct onnx_toy *t, const char *name)
{
  for (size_t i = 0; i < t->graph.n_node; i++)
    if (!strcmp(t->node[i]->name, name)) return t->node[i];
  fail_msg("no node %s", name);
  return NULL;
}

void onnx_toy_rewire(struct onnx_toy *t, const char *node, int input, const char *value)
{
  onnx_toy_find_node(t, node)->input[input] = onnx_toy_text(t, value);
}

uint8_t *onnx_toy_pack(const struct onnx_toy *t, size_t *n)
{
  *n = onnx__model_proto__get_packed_size(&t->proto);
  uint8_t *bytes = malloc(*n);
  assert_non_null(bytes);
  assert_int_equal(onnx__model_proto__pack(&t->proto, bytes), *n);
  return bytes;
}
