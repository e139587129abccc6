/** @file
 *  From a node of the file to nodes of the graph: inputs are fetched in a view that the operator can
 *  work in, and its attributes follow.  One line in the list per operator. */
#include "io/onnx_adapt.h"

#include <inttypes.h>
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

/** These become other operators, whether or not the engine has their own. */
bool onnx_adapt_knows(const char *operator_type)
{
  static const char *const replaced[] = {"Squeeze", "Unsqueeze", "Split"};
  for (size_t i = 0; i < sizeof replaced / sizeof *replaced; i++)
    if (!strcmp(replaced[i], operator_type)) return true;
  return false;
}

bool onnx_adapt_lifts(const char *operator_type)
{
  const struct way *way = find_way(operator_type);
  return way && (way->run == onnx_adapt_elementwise || way->run == onnx_adapt_matmul);
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

err onnx_adapt_view(struct adapt *a, const struct shape *ys, bool nhwc, enum onnx_view *view)
{
  bool lifted = true, plain = ys->rank >= 2 && ys->dim[0] == 1;
  nhwc = nhwc && ys->rank == 4;
  for (int i = 0; i < a->node->n_in; i++) {
    struct shape s;
    if (!onnx_adapt_moves(a, i)) continue;
    const int value = a->node->in[i];
    TRY(onnx_value_shape(a->m, value, &s));
    nhwc = nhwc && onnx_view_has(a->m, value, ONNX_NHWC);
    lifted =
        lifted && !onnx_view_has(a->m, value, ONNX_PLAIN) && !onnx_view_has(a->m, value, ONNX_NHWC);
    plain = plain && s.rank == ys->rank && s.dim[0] == 1;
  }
  *view = nhwc ? ONNX_NHWC : plain && !lifted ? ONNX_PLAIN : ONNX_LIFTED;
  return ERR_OK;
}

/** A constant of [.., H, W, C] for broadcasting against [1, C, H, W]. */
static err constant_nhwc(struct onnx_model *m, int value, int *id)
{
  static const int to_nchw[] = {0, 3, 1, 2};
  char text[ONNX_NAME_ROOM];
  const struct onnx_constant *c = NULL;
  struct onnx_value *v = onnx_value_of(m, value);
  TRY(onnx_value_constant(m, value, &c));
  if (v->id[ONNX_NHWC] >= 0 || shape_count(&c->shape) == 1 || !c->floats) {
    if (v->id[ONNX_NHWC] < 0) return onnx_constant_add(m, value, id);
    *id = v->id[ONNX_NHWC];
    return ERR_OK;
  }
  struct shape x, y = {.rank = 4};
  CHECK(c->shape.rank <= 4, ERR_UNSUPPORTED, "a constant of %d dimensions", c->shape.rank);
  TRY(onnx_shape_lift(&c->shape, 4, &x));
  for (int i = 0; i < 4; i++) y.dim[i] = x.dim[1 + to_nchw[i]];
  const int64_t plane = (int64_t)y.dim[2] * y.dim[3], channels = y.dim[1];
  TRY(onnx_budget_take(m, shape_count(&y) * (int64_t)sizeof *c->floats));
  float *data = malloc((size_t)shape_count(&y) * sizeof *data);
  CHECK(data, ERR_MEMORY, "no memory for constant '%.200s'", v->name);
  for (int64_t n = 0; n < y.dim[0]; n++)
    for (int64_t i = 0; i < plane; i++)
      for (int64_t k = 0; k < channels; k++)
        data[(n * channels + k) * plane + i] = c->floats[(n * plane + i) * channels + k];
  TRY(graph_add_floats(m->builder, onnx_name_new(m, v->name, "nchw", text), &y, data,
                       &v->id[ONNX_NHWC]));
  *id = v->id[ONNX_NHWC];
  return ERR_OK;
}

err onnx_adapt_fetch(struct adapt *a, enum onnx_view view, int rank)
{
  for (int i = 0; i < a->node->n_in; i++) {
    const int value = a->node->in[i];
    a->in[i] = -1;
    if (value < 0) continue;
    if (!onnx_adapt_moves(a, i)) {
      TRY(view == ONNX_NHWC ? constant_nhwc(a->m, value, &a->in[i])
                            : onnx_constant_add(a->m, value, &a->in[i]));
    } else if (view == ONNX_LIFTED) {
      TRY(onnx_view_lifted(a->m, value, rank, &a->in[i]));
    } else {
      TRY(onnx_view_id(a->m, value, view, &a->in[i]));
    }
  }
  return ERR_OK;
}

err onnx_adapt_emit(struct adapt *a, enum onnx_view view)
{
  const Onnx__NodeProto *p = a->node->proto;
  struct onnx_value *y = onnx_value_of(a->m, a->node->out[0]);
  const struct op *op = op_find(p->op_type);
  CHECK(!op || op->max_in < 0 || a->node->n_in <= op->max_in, ERR_FORMAT,
        "it has %d inputs, at most %d are known", a->node->n_in, op->max_in);
  const struct onnx_emit e = {.op = p->op_type,
                              .name = p->name,
                              .out_name = y->name,
                              .attrs = &a->edited,
                              .n_in = a->node->n_in,
                              .in = a->in};
  TRY(onnx_emit(a->m, &e, &y->id[view]));
  y->named = true;
  return ERR_OK;
}

err onnx_adapt_plain(struct adapt *a)
{
  TRY(onnx_adapt_fetch(a, ONNX_PLAIN, 0));
  return onnx_adapt_emit(a, ONNX_PLAIN);
}

err onnx_adapt(struct onnx_model *m, struct onnx_node *n, const struct attr_list *attrs)
{
  const struct way *way = find_way(n->proto->op_type);
  CHECK(way || op_find(n->proto->op_type), ERR_UNSUPPORTED,
        "it is supported on constants and shapes only, and reads the image%s",
        onnx_advice(n->proto));
  CHECK(attrs->n + 2 <= ADAPT_MAX_ATTRS, ERR_FORMAT, "it has %d attributes", attrs->n);
  struct adapt a = {.m = m, .node = n, .attrs = attrs, .edited = {.n = attrs->n}};
  a.edited.item = a.item;
  for (int i = 0; i < attrs->n; i++) a.item[i] = attrs->item[i];
  a.in = calloc((size_t)n->n_in + 3, sizeof *a.in);
  CHECK(a.in, ERR_MEMORY, "no memory for %d inputs", n->n_in);
  const bool any = n->n_in > 0 && n->in[0] >= 0;
  const err e = way && any ? way->run(&a) : onnx_adapt_plain(&a);
  free(a.in);
  return e;
}
