/** @file
 *  The views in which values of the file are there in the graph, and moving from one to another. */
#include "io/onnx_adapt.h"

#include <stdio.h>
#include <string.h>

bool onnx_view_has(const struct onnx_model *m, int value, enum onnx_view view)
{
  return onnx_value_of(m, value)->id[view] >= 0;
}

/** Shape in the file of a graph value's shape in that view. */
static struct shape seen_in_file(const struct shape *g, enum onnx_view view)
{
  struct shape s = *g;
  for (int i = 0; view == ONNX_NHWC && i < 4; i++) s.dim[i] = g->dim[onnx_stored[i]];
  return s;
}

/** The first view in which an activation is there. */
static err find(const struct onnx_value *v, enum onnx_view *view)
{
  for (int k = 0; k < ONNX_VIEWS; k++) {
    if (v->id[k] < 0) continue;
    *view = (enum onnx_view)k;
    return ERR_OK;
  }
  return FAIL(ERR_FORMAT, "value '%.200s' is not there when it is read", v->name);
}

err onnx_value_shape(struct onnx_model *m, int value, struct shape *out)
{
  const struct onnx_constant *c = NULL;
  enum onnx_view view = ONNX_PLAIN;
  TRY(onnx_value_constant(m, value, &c));
  const struct onnx_value *v = onnx_value_of(m, value);
  if (!c) TRY(find(v, &view));
  *out = c ? c->shape : seen_in_file(graph_builder_shape(m->builder, v->id[view]), view);
  return ERR_OK;
}

const char *onnx_name_new(const struct onnx_model *m, const char *base, const char *what,
                          char *text)
{
  int n = snprintf(text, ONNX_NAME_ROOM, "%.512s:%.40s", base, what);
  while (onnx_values_find(m, text) >= 0 && n + 1 < ONNX_NAME_ROOM)
    n += snprintf(text + n, (size_t)(ONNX_NAME_ROOM - n), ":");
  return text;
}

err onnx_emit(struct onnx_model *m, const struct onnx_emit *e, int *id)
{
  static const struct attr_list none = {.n = 0};
  const struct op *op = op_find(e->op);
  CHECK(op, ERR_UNSUPPORTED, "it needs the operator %s, which is not supported", e->op);
  const struct graph_node_spec spec = {.name = e->name,
                                       .op = op,
                                       .attrs = e->attrs ? *e->attrs : none,
                                       .n_in = e->n_in,
                                       .in = e->in,
                                       .out_name = e->out_name};
  const err bad = graph_add_node(m->builder, &spec, id);
  if (bad && m->channels_last) {
    char text[1024];
    (void)snprintf(text, sizeof text, "%s", err_message());
    return FAIL(bad,
                "%s; the input has its channels last and nothing moves them: export the model with "
                "[N, channels, height, width]",
                text);
  }
  if (bad) return err_trace(bad, __FILE__, __LINE__);
  return ERR_OK;
}

err onnx_emit_ints(struct onnx_model *m, const char *name, const char *what, int n,
                   const int64_t *list, int *id)
{
  char text[ONNX_NAME_ROOM];
  const struct shape s = {.rank = 1, .dim = {n}};
  return graph_add_ints(m->builder, onnx_name_new(m, name, what, text), &s, list, id);
}

static err reshape(struct onnx_model *m, int from, const struct shape *to, const char *name,
                   int *id)
{
  int64_t dims[SHAPE_MAX_RANK];
  int in[] = {from, -1};
  for (int i = 0; i < to->rank; i++) dims[i] = to->dim[i];
  TRY(onnx_emit_ints(m, name, "shape", to->rank, dims, &in[1]));
  return onnx_emit(m, &(struct onnx_emit){.op = "Reshape", .out_name = name, .n_in = 2, .in = in},
                   id);
}

static err transpose(struct onnx_model *m, int from, const char *name, int *id)
{
  static const int64_t perm[] = {0, 2, 3, 1};
  const struct attr item = {.name = "perm", .kind = ATTR_INTS, .n = 4, .ints = perm};
  const struct attr_list attrs = {.n = 1, .item = &item};
  const struct onnx_emit e = {
      .op = "Transpose", .out_name = name, .attrs = &attrs, .n_in = 1, .in = &from};
  return onnx_emit(m, &e, id);
}

/** [1, C, H, W] to [1, H, W, C]; where C or the plane is a single element nothing moves. */
static err from_nhwc(struct onnx_model *m, struct onnx_value *v, int *id)
{
  char text[ONNX_NAME_ROOM];
  const int from = v->id[ONNX_NHWC];
  const struct shape g = *graph_builder_shape(m->builder, from);
  const struct shape s = seen_in_file(&g, ONNX_NHWC);
  const char *name = v->named ? onnx_name_new(m, v->name, "plain", text) : v->name;
  v->named = true;
  if (g.dim[1] > 1 && (int64_t)g.dim[2] * g.dim[3] > 1) return transpose(m, from, name, id);
  return reshape(m, from, &s, name, id);
}

err onnx_view_id(struct onnx_model *m, int value, enum onnx_view view, int *id)
{
  struct onnx_value *v = onnx_value_of(m, value);
  if (onnx_value_is_constant(m, value)) return onnx_constant_add(m, value, id);
  if (v->id[view] < 0) {
    enum onnx_view from = ONNX_PLAIN;
    TRY(find(v, &from));
    CHECK(view == ONNX_PLAIN, ERR_UNSUPPORTED, "'%.200s' does not have its channels last", v->name);
    TRY(from_nhwc(m, v, &v->id[view]));
  }
  *id = v->id[view];
  return ERR_OK;
}
