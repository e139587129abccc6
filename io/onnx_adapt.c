/** @file
 *  From a node of the file to nodes of the graph: inputs are fetched in a view that the operator can
 *  work in, and its attributes follow.  One line in the list per operator. */
#include "io/onnx_adapt.h"

#include <stdlib.h>
#include <string.h>

struct way {
  const char *op;
  err (*run)(struct adapt *a);
};

static const struct way ways[] = {
#define ADAPT(op, function) {#op, onnx_adapt_##function},
#include "io/onnx_adapt_list.h"
#undef ADAPT
};

static const struct way *find_way(const char *op)
{
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    if (!strcmp(ways[i].op, op)) return &ways[i];
  return NULL;
}

bool onnx_adapt_splits(const char *operator_type)
{
  return !strcmp(operator_type, "Split");
}

bool onnx_adapt_given(const struct adapt *a, int i)
{
  return i < a->node->n_in && a->node->in[i] >= 0;
}

bool onnx_adapt_moves(const struct adapt *a, int i)
{
  return onnx_adapt_given(a, i) && !onnx_value_is_constant(a->m, a->node->in[i]);
}

bool onnx_adapt_is_nhwc(const struct adapt *a)
{
  bool any = false;
  for (int i = 0; i < a->node->n_in; i++) {
    if (!onnx_adapt_moves(a, i)) continue;
    if (!onnx_view_has(a->m, a->node->in[i], ONNX_NHWC)) return false;
    any = true;
  }
  return any;
}

err onnx_adapt_ints(const struct adapt *a, int i, const struct onnx_constant **out)
{
  *out = NULL;
  if (!onnx_adapt_given(a, i)) return ERR_OK;
  TRY(onnx_value_constant(a->m, a->node->in[i], out));
  CHECK(*out && (*out)->ints, ERR_UNSUPPORTED, "input %d is not a constant list of integers", i);
  return ERR_OK;
}

/** The place of an attribute among the edited ones, a new one where it is not there. */
static struct attr *edit(struct adapt *a, const char *name)
{
  int i = 0;
  while (i < a->edited.n && strcmp(a->item[i].name, name) != 0) i++;
  if (i == a->edited.n) a->edited.n++;
  return &a->item[i];
}

void onnx_adapt_set_int(struct adapt *a, const char *name, int64_t i)
{
  *edit(a, name) = (struct attr){.name = name, .kind = ATTR_INT, .i = i};
}

void onnx_adapt_set_ints(struct adapt *a, const char *name, int n, const int64_t *list)
{
  memmove(a->list, list, (size_t)n * sizeof *list);
  *edit(a, name) = (struct attr){.name = name, .kind = ATTR_INTS, .n = n, .ints = a->list};
}

err onnx_adapt_list(const struct adapt *a, const char *name, int index, int *n,
                    const int64_t **list)
{
  const struct attr *given = attr_find(a->attrs, name);
  const struct onnx_constant *c = NULL;
  CHECK(!given || given->kind == ATTR_INTS, ERR_FORMAT, "attribute '%s' is not a list", name);
  if (!given) TRY(onnx_adapt_ints(a, index, &c));
  *n = given ? given->n : c ? (int)shape_count(&c->shape) : 0;
  *list = given ? given->ints : c ? c->ints : NULL;
  return ERR_OK;
}

err onnx_adapt_put(struct adapt *a, const char *name, int index, int n, const int64_t *list)
{
  if (onnx_adapt_given(a, index))
    return onnx_emit_ints(a->m, a->m->values[a->node->out[0]].name, name, n, list, &a->in[index]);
  onnx_adapt_set_ints(a, name, n, list);
  return ERR_OK;
}

/** y[n, c, i] = x[n, i, c] for a constant of [.., H, W, C] that is broadcast against activations. */
static err move_channels(struct onnx_model *m, struct onnx_value *v, const struct onnx_constant *c)
{
  char text[ONNX_NAME_ROOM];
  int x[4], rank = c->shape.rank;
  CHECK(rank <= 4, ERR_UNSUPPORTED, "a constant of %d dimensions", rank);
  for (int i = 0; i < 4; i++) x[i] = i < 4 - rank ? 1 : c->shape.dim[i - (4 - rank)];
  const struct shape y = {4, {x[0], x[3], x[1], x[2]}};
  const int64_t plane = (int64_t)x[1] * x[2], channels = x[3];
  TRY(onnx_budget_take(m, shape_count(&y) * (int64_t)sizeof *c->floats));
  float *data = malloc((size_t)shape_count(&y) * sizeof *data);
  CHECK(data, ERR_MEMORY, "no memory for constant '%.200s'", v->name);
  for (int64_t n = 0; n < x[0]; n++) {
    for (int64_t i = 0; i < plane; i++) {
      for (int64_t k = 0; k < channels; k++)
        data[(n * channels + k) * plane + i] = c->floats[(n * plane + i) * channels + k];
    }
  }
  return graph_add_floats(m->builder, onnx_name_new(m, v->name, "nchw", text), &y, data,
                          &v->id[ONNX_NHWC]);
}

static err fetch_constant(struct onnx_model *m, int value, enum onnx_view view, int *id)
{
  const struct onnx_constant *c = NULL;
  TRY(onnx_value_constant(m, value, &c));
  if (view != ONNX_NHWC || shape_count(&c->shape) <= 1 || !c->floats)
    return onnx_constant_add(m, value, id);
  struct onnx_value *v = onnx_value_of(m, value);
  if (v->id[ONNX_NHWC] < 0) TRY(move_channels(m, v, c));
  *id = v->id[ONNX_NHWC];
  return ERR_OK;
}

err onnx_adapt_fetch(struct adapt *a, enum onnx_view view)
{
  for (int i = 0; i < a->node->n_in; i++) {
    const int value = a->node->in[i];
    a->in[i] = -1;
    if (value < 0) continue;
    TRY(onnx_adapt_moves(a, i) ? onnx_view_id(a->m, value, view, &a->in[i])
                               : fetch_constant(a->m, value, view, &a->in[i]));
  }
  return ERR_OK;
}

err onnx_adapt_emit(struct adapt *a, int n_in, int slot, enum onnx_view view)
{
  const Onnx__NodeProto *p = a->node->proto;
  struct onnx_value *y = onnx_value_of(a->m, a->node->out[slot]);
  const struct op *op = op_find(p->op_type);
  CHECK(!op || op->max_in < 0 || n_in <= op->max_in, ERR_FORMAT,
        "it has %d inputs, at most %d are known", n_in, op->max_in);
  const struct onnx_emit e = {.op = p->op_type,
                              .name = a->node->n_out > 1 ? NULL : p->name,
                              .out_name = y->name,
                              .attrs = &a->edited,
                              .n_in = n_in,
                              .in = a->in};
  TRY(onnx_emit(a->m, &e, &y->id[view]));
  y->named = true;
  return ERR_OK;
}

err onnx_adapt_plain(struct adapt *a)
{
  TRY(onnx_adapt_fetch(a, ONNX_PLAIN));
  return onnx_adapt_emit(a, a->node->n_in, 0, ONNX_PLAIN);
}

err onnx_adapt(struct onnx_model *m, const struct onnx_node *n, const struct attr_list *attrs)
{
  const struct way *way = find_way(n->proto->op_type);
  CHECK(way || op_find(n->proto->op_type), ERR_UNSUPPORTED,
        "it is supported on constants and shapes only, and reads the image%s",
        onnx_advice(n->proto));
  CHECK(!way || (n->n_in > 0 && n->in[0] >= 0), ERR_FORMAT, "its first input is absent");
  CHECK(attrs->n + 4 <= ADAPT_MAX_ATTRS, ERR_FORMAT, "it has %d attributes", attrs->n);
  struct adapt a = {.m = m, .node = n, .attrs = attrs, .edited = {.n = attrs->n}};
  a.edited.item = a.item;
  for (int i = 0; i < attrs->n; i++) a.item[i] = attrs->item[i];
  a.in = calloc((size_t)n->n_in + 1, sizeof *a.in);
  CHECK(a.in, ERR_MEMORY, "no memory for %d inputs", n->n_in);
  const err e = way ? way->run(&a) : onnx_adapt_plain(&a);
  free(a.in);
  return e;
}
