/** @file
 *  The views in which values of the file are there in the graph, and moving from one to another.
 *
 *  The graph is the model given one image: whatever an exporter does with the batch, to merge it with
 *  windows or heads and to carry it to another place, is then done with an axis of extent 1. */
#include "io/onnx_impl.h"

#include <stdio.h>
#include <string.h>

static const int to_nhwc[] = {0, 2, 3, 1};

void onnx_view_set(struct onnx_model *m, int value, enum onnx_view view, int id)
{
  onnx_value_of(m, value)->id[view] = id;
}

bool onnx_view_has(const struct onnx_model *m, int value, enum onnx_view view)
{
  return onnx_value_of(m, value)->id[view] >= 0;
}

err onnx_shape_lift(const struct shape *s, int rank, struct shape *out)
{
  CHECK(rank < SHAPE_MAX_RANK, ERR_UNSUPPORTED,
        "%d dimensions beside the image's; at most %d are supported", rank, SHAPE_MAX_RANK - 1);
  struct shape y = {.rank = rank + 1};
  for (int i = 0; i <= rank; i++) {
    const int from = i - 1 - (rank - s->rank);
    y.dim[i] = from >= 0 ? s->dim[from] : 1;
  }
  *out = y;
  return ERR_OK;
}

/** Shape in the file of a graph value's shape in that view. */
static struct shape seen_in_file(const struct shape *g, enum onnx_view view)
{
  struct shape s = *g;
  if (view == ONNX_LIFTED) {
    s.rank = g->rank - 1;
    memmove(s.dim, g->dim + 1, (size_t)s.rank * sizeof *s.dim);
  } else if (view == ONNX_NHWC) {
    for (int i = 0; i < 4; i++) s.dim[i] = g->dim[to_nhwc[i]];
  }
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
  return graph_add_node(m->builder, &spec, id);
}

err onnx_emit_ints(struct onnx_model *m, const char *name, const char *what, int n,
                   const int64_t *list, int *id)
{
  char text[ONNX_NAME_ROOM];
  const struct shape s = {.rank = 1, .dim = {n}};
  return graph_add_ints(m->builder, onnx_name_new(m, name, what, text), &s, list, id);
}

err onnx_emit_reshape(struct onnx_model *m, int from, const struct shape *to, const char *name,
                      int *id)
{
  int64_t dims[SHAPE_MAX_RANK];
  int in[] = {from, -1};
  for (int i = 0; i < to->rank; i++) dims[i] = to->dim[i];
  TRY(onnx_emit_ints(m, name, "shape", to->rank, dims, &in[1]));
  return onnx_emit(m, &(struct onnx_emit){.op = "Reshape", .out_name = name, .n_in = 2, .in = in},
                   id);
}

err onnx_emit_transpose(struct onnx_model *m, int from, int rank, const int *perm, const char *name,
                        int *id)
{
  int64_t list[SHAPE_MAX_RANK];
  for (int i = 0; i < rank; i++) list[i] = perm[i];
  const struct attr item = {.name = "perm", .kind = ATTR_INTS, .n = rank, .ints = list};
  const struct attr_list attrs = {.n = 1, .item = &item};
  const struct onnx_emit e = {
      .op = "Transpose", .out_name = name, .attrs = &attrs, .n_in = 1, .in = &from};
  return onnx_emit(m, &e, id);
}

/** The value's own name where no graph value has it yet. */
static const char *name_for(const struct onnx_model *m, struct onnx_value *v, const char *what,
                            char *text)
{
  if (v->named) return onnx_name_new(m, v->name, what, text);
  v->named = true;
  return v->name;
}

/** [1, C, H, W] to [1, H, W, C]; where C or the plane is a single element nothing moves. */
static err from_nhwc(struct onnx_model *m, struct onnx_value *v, int *id)
{
  char text[ONNX_NAME_ROOM];
  const int from = v->id[ONNX_NHWC];
  const struct shape g = *graph_builder_shape(m->builder, from);
  const char *name = name_for(m, v, "plain", text);
  if (g.dim[1] > 1 && g.dim[2] * g.dim[3] > 1)
    return onnx_emit_transpose(m, from, 4, to_nhwc, name, id);
  const struct shape s = seen_in_file(&g, ONNX_NHWC);
  return onnx_emit_reshape(m, from, &s, name, id);
}

static err from_lifted(struct onnx_model *m, struct onnx_value *v, int *id)
{
  char text[ONNX_NAME_ROOM], shown[96];
  const struct shape s =
      seen_in_file(graph_builder_shape(m->builder, v->id[ONNX_LIFTED]), ONNX_LIFTED);
  CHECK(s.rank >= 2 && s.dim[0] == 1, ERR_UNSUPPORTED,
        "'%.200s' has shape %s for one image, whose first dimension is not the image's", v->name,
        shape_text(&s, NULL, shown, sizeof shown));
  return onnx_emit_reshape(m, v->id[ONNX_LIFTED], &s, name_for(m, v, "plain", text), id);
}

static err move(struct onnx_model *m, int value, enum onnx_view view, int *id)
{
  struct onnx_value *v = onnx_value_of(m, value);
  enum onnx_view from = ONNX_PLAIN;
  TRY(find(v, &from));
  if (view == ONNX_PLAIN) return from == ONNX_NHWC ? from_nhwc(m, v, id) : from_lifted(m, v, id);
  CHECK(view == ONNX_LIFTED, ERR_UNSUPPORTED, "'%.200s' does not have its channels last", v->name);
  struct shape s;
  TRY(onnx_value_shape(m, value, &s));
  return onnx_view_lifted(m, value, s.rank, id);
}

err onnx_view_id(struct onnx_model *m, int value, enum onnx_view view, int *id)
{
  struct onnx_value *v = onnx_value_of(m, value);
  if (onnx_value_is_constant(m, value)) return onnx_constant_add(m, value, id);
  if (v->id[view] < 0) TRY(move(m, value, view, &v->id[view]));
  *id = v->id[view];
  return ERR_OK;
}

err onnx_view_lifted(struct onnx_model *m, int value, int rank, int *id)
{
  char text[ONNX_NAME_ROOM];
  struct onnx_value *v = onnx_value_of(m, value);
  struct shape s, y;
  int from = v->id[ONNX_LIFTED];
  TRY(onnx_value_shape(m, value, &s));
  if (from >= 0 && rank == s.rank) {
    *id = from;
    return ERR_OK;
  }
  if (from < 0) TRY(onnx_view_id(m, value, ONNX_PLAIN, &from));
  TRY(onnx_shape_lift(&s, rank, &y));
  TRY(onnx_emit_reshape(m, from, &y, onnx_name_new(m, v->name, "lifted", text), id));
  if (rank == s.rank) v->id[ONNX_LIFTED] = *id;
  return ERR_OK;
}
