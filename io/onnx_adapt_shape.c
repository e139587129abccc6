/** @file
 *  Ways of operators that only move elements: to another shape, to other axes. */
#include "io/onnx_adapt.h"
#include "io/onnx_fold.h"

#include <inttypes.h>
#include <string.h>

static bool is_plain_shape(const struct shape *s)
{
  return s->rank >= 2 && s->dim[0] == 1;
}

/** The graph shape of a new value of shape s in the file, and its view. */
static err settle(const struct shape *s, struct shape *g, enum onnx_view *view)
{
  *g = *s;
  *view = is_plain_shape(s) ? ONNX_PLAIN : ONNX_LIFTED;
  return *view == ONNX_PLAIN ? ERR_OK : onnx_shape_lift(s, s->rank, g);
}

/** A graph value that holds the elements of a value in the order of the file. */
static err in_order(struct adapt *a, int value, int *id)
{
  const bool lifted =
      !onnx_view_has(a->m, value, ONNX_PLAIN) && onnx_view_has(a->m, value, ONNX_LIFTED);
  return onnx_view_id(a->m, value, lifted ? ONNX_LIFTED : ONNX_PLAIN, id);
}

static err reshape_from(struct adapt *a, int from, const struct shape *to)
{
  struct shape g;
  enum onnx_view view = ONNX_PLAIN;
  struct onnx_value *y = onnx_value_of(a->m, a->node->out[0]);
  TRY(settle(to, &g, &view));
  TRY(onnx_emit_reshape(a->m, from, &g, y->name, &y->id[view]));
  y->named = true;
  return ERR_OK;
}

err onnx_adapt_relabel(struct adapt *a, const struct shape *to)
{
  int from = -1;
  TRY(in_order(a, a->node->in[0], &from));
  return reshape_from(a, from, to);
}

/** The engine's own operator where input and output are as it wants them, a Reshape elsewhere. */
static err relabel_or_emit(struct adapt *a, const struct shape *to)
{
  if (is_plain_shape(to) && onnx_view_has(a->m, a->node->in[0], ONNX_PLAIN))
    return onnx_adapt_plain(a);
  return onnx_adapt_relabel(a, to);
}

err onnx_adapt_reshape(struct adapt *a)
{
  const struct onnx_constant *target = NULL;
  struct shape x, y;
  int64_t dims[ADAPT_MAX_RANK], allow = 0;
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  TRY(onnx_adapt_ints(a, 1, &target));
  CHECK(target, ERR_FORMAT, "it has no shape");
  CHECK(shape_count(&target->shape) <= ADAPT_MAX_RANK, ERR_UNSUPPORTED, "more than %d dimensions",
        ADAPT_MAX_RANK);
  TRY(attr_int(a->attrs, "allowzero", 0, &allow));
  const int n = (int)shape_count(&target->shape);
  TRY(onnx_fold_extents(&x, target->ints, n, allow != 0, dims));
  TRY(onnx_shape_check(dims, (size_t)n, a->m->values[a->node->out[0]].name, &y));
  return relabel_or_emit(a, &y);
}

err onnx_adapt_flatten(struct adapt *a)
{
  struct shape x, y = {.rank = 2, .dim = {1, 1}};
  int64_t axis = 0;
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  TRY(attr_int(a->attrs, "axis", 1, &axis));
  CHECK(axis >= -x.rank && axis <= x.rank, ERR_FORMAT,
        "axis %" PRId64 " is outside a tensor of %d dimensions", axis, x.rank);
  const int at = (int)(axis < 0 ? axis + x.rank : axis);
  for (int i = 0; i < x.rank; i++) y.dim[i < at ? 0 : 1] *= x.dim[i];
  return relabel_or_emit(a, &y);
}

err onnx_adapt_squeeze(struct adapt *a)
{
  struct shape x, y = {.rank = 0};
  int64_t axes[ADAPT_MAX_RANK];
  int n = 0;
  bool removed[ADAPT_MAX_RANK] = {false};
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  TRY(onnx_adapt_axes(a, "axes", 1, x.rank, &n, axes));
  for (int i = 0; i < n; i++) removed[axes[i]] = true;
  for (int i = 0; i < x.rank; i++) {
    CHECK(!removed[i] || x.dim[i] == 1, ERR_SHAPE, "axis %d has extent %d, not 1", i, x.dim[i]);
    if (n ? !removed[i] : x.dim[i] != 1) y.dim[y.rank++] = x.dim[i];
  }
  return onnx_adapt_relabel(a, &y);
}

err onnx_adapt_unsqueeze(struct adapt *a)
{
  struct shape x, y;
  int64_t axes[ADAPT_MAX_RANK];
  const struct onnx_constant *list = NULL;
  int n = 0, from = 0;
  bool added[ADAPT_MAX_RANK] = {false};
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  const struct attr *given = attr_find(a->attrs, "axes");
  if (!given) TRY(onnx_adapt_ints(a, 1, &list));
  const int64_t more = given ? given->n : list ? shape_count(&list->shape) : 0;
  CHECK(more > 0 && more <= ADAPT_MAX_RANK - x.rank, ERR_UNSUPPORTED, "%" PRId64 " axes", more);
  y.rank = x.rank + (int)more;
  TRY(onnx_adapt_axes(a, "axes", 1, y.rank, &n, axes));
  for (int i = 0; i < n; i++) added[axes[i]] = true;
  for (int i = 0; i < y.rank; i++) y.dim[i] = added[i] ? 1 : x.dim[from++];
  return onnx_adapt_relabel(a, &y);
}

bool onnx_adapt_keeps_order(const struct shape *x, const int *perm)
{
  int last = -1;
  for (int i = 0; i < x->rank; i++) {
    if (x->dim[perm[i]] == 1) continue;
    if (perm[i] < last) return false;
    last = perm[i];
  }
  return true;
}

/** The permutation, by default of all axes; of the graph's axes where channels are last. */
static err read_perm(struct adapt *a, int rank, bool nhwc, int *perm)
{
  static const int stored[] = {0, 2, 3, 1}; /* file axis to graph axis of ONNX_NHWC */
  bool used[ADAPT_MAX_RANK] = {false};
  int n = 0;
  TRY(attr_ints(a->attrs, "perm", ADAPT_MAX_RANK, 0, ADAPT_MAX_RANK - 1, &n, perm));
  CHECK(!n || n == rank, ERR_FORMAT, "perm has %d entries for rank %d", n, rank);
  for (int k = 0; k < rank; k++) {
    if (!n) perm[k] = rank - 1 - k;
    CHECK(perm[k] < rank && !used[perm[k]], ERR_FORMAT, "perm is not a permutation");
    used[perm[k]] = true;
  }
  for (int k = 0; nhwc && k < rank; k++) perm[k] = stored[perm[k]];
  return ERR_OK;
}

static bool same_perm(int rank, const int *a, const int *b)
{
  return !memcmp(a, b, (size_t)rank * sizeof *a);
}

/** Move the axes of graph value `from`, whose extents are those of s, with the image's in front or
 *  first among them. */
static err transpose(struct adapt *a, int from, bool lifted, const struct shape *s, const int *perm)
{
  char text[ONNX_NAME_ROOM];
  struct onnx_value *y = onnx_value_of(a->m, a->node->out[0]);
  int moved[ADAPT_MAX_RANK] = {0};
  struct shape g;
  enum onnx_view view = ONNX_PLAIN;
  int rank = s->rank;
  memcpy(moved, perm, (size_t)rank * sizeof *perm);
  if (lifted || perm[0] != 0) {
    TRY(onnx_shape_lift(s, s->rank, &g));
    if (!lifted)
      TRY(onnx_emit_reshape(a->m, from, &g, onnx_name_new(a->m, y->name, "lifted", text), &from));
    for (int i = 0; i < s->rank; i++) moved[i + 1] = perm[i] + 1;
    moved[0] = 0;
    view = ONNX_LIFTED;
    rank++;
  }
  TRY(onnx_emit_transpose(a->m, from, rank, moved, y->name, &y->id[view]));
  y->named = true;
  return ERR_OK;
}

err onnx_adapt_transpose(struct adapt *a)
{
  static const int same[] = {0, 1, 2, 3, 4, 5}, channels_last[] = {0, 2, 3, 1};
  const int x = a->node->in[0];
  struct onnx_value *y = onnx_value_of(a->m, a->node->out[0]);
  struct shape s, ys = {.rank = 0};
  int perm[ADAPT_MAX_RANK], from = -1;
  const bool nhwc = onnx_view_has(a->m, x, ONNX_NHWC);
  TRY(onnx_value_shape(a->m, x, &s));
  TRY(read_perm(a, s.rank, nhwc, perm));
  if (nhwc) s = *graph_builder_shape(a->m->builder, onnx_value_of(a->m, x)->id[ONNX_NHWC]);
  const bool lifted = !nhwc && !onnx_view_has(a->m, x, ONNX_PLAIN);
  const enum onnx_view view = nhwc ? ONNX_NHWC : lifted ? ONNX_LIFTED : ONNX_PLAIN;
  TRY(onnx_view_id(a->m, x, view, &from));
  if (same_perm(s.rank, perm, same)) {
    y->id[lifted ? ONNX_LIFTED : ONNX_PLAIN] = from;
    return ERR_OK;
  }
  if (!lifted && s.rank == 4 && same_perm(4, perm, channels_last)) {
    y->id[ONNX_NHWC] = from;
    return ERR_OK;
  }
  ys.rank = s.rank;
  for (int i = 0; i < s.rank; i++) ys.dim[i] = s.dim[perm[i]];
  if (onnx_adapt_keeps_order(&s, perm)) return reshape_from(a, from, &ys);
  return transpose(a, from, lifted, &s, perm);
}

/** What broadcasting to a shape makes of input 0; nothing where it has that shape. */
err onnx_adapt_expand(struct adapt *a)
{
  const struct onnx_constant *target = NULL;
  struct shape x, t, y, g;
  enum onnx_view view = ONNX_PLAIN;
  int64_t dims[ADAPT_MAX_RANK];
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  TRY(onnx_adapt_ints(a, 1, &target));
  CHECK(target && shape_count(&target->shape) <= ADAPT_MAX_RANK, ERR_UNSUPPORTED,
        "more than %d dimensions", ADAPT_MAX_RANK);
  struct onnx_value *out = onnx_value_of(a->m, a->node->out[0]);
  TRY(onnx_shape_check(target->ints, (size_t)shape_count(&target->shape), out->name, &t));
  TRY(onnx_fold_broadcast(&x, &t, &y));
  if (shape_equal(&x, &y)) {
    const int source = (int)(onnx_value_of(a->m, a->node->in[0]) - a->m->values);
    a->m->values[a->node->out[0]].alias = source;
    return ERR_OK;
  }
  TRY(onnx_adapt_view(a, &y, false, &view));
  TRY(onnx_adapt_fetch(a, view, y.rank));
  g = y;
  if (view == ONNX_LIFTED) TRY(onnx_shape_lift(&y, y.rank, &g));
  for (int i = 0; i < g.rank; i++) dims[i] = g.dim[i];
  TRY(onnx_emit_ints(a->m, out->name, "shape", g.rank, dims, &a->in[1]));
  return onnx_adapt_emit(a, view);
}
