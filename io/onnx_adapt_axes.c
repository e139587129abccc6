/** @file
 *  Ways of operators that work along axes: where the view has the image's axis in front of the file's,
 *  every axis is one further. */
#include "io/onnx_adapt.h"
#include "io/onnx_fold.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RANK = ADAPT_MAX_RANK };

err onnx_adapt_axes(struct adapt *a, const char *name, int index, int rank, int *n, int64_t *axes)
{
  const struct attr *given = attr_find(a->attrs, name);
  const struct onnx_constant *c = NULL;
  bool seen[MAX_RANK] = {false};
  CHECK(!given || given->kind == ATTR_INTS, ERR_FORMAT, "attribute '%s' is not a list", name);
  if (!given) TRY(onnx_adapt_ints(a, index, &c));
  const int64_t count = given ? given->n : c ? shape_count(&c->shape) : 0;
  const int64_t *list = given ? given->ints : c ? c->ints : NULL;
  CHECK(count <= rank, ERR_FORMAT, "%" PRId64 " axes of a tensor of %d dimensions", count, rank);
  TRY(onnx_fold_mark(list, (int)count, rank, seen));
  for (int i = 0; i < count; i++) axes[i] = list[i] < 0 ? list[i] + rank : list[i];
  *n = (int)count;
  return ERR_OK;
}

err onnx_adapt_put(struct adapt *a, const char *name, int index, int n, const int64_t *list)
{
  if (index >= 0 && onnx_adapt_given(a, index))
    return onnx_emit_ints(a->m, a->m->values[a->node->out[0]].name, name, n, list, &a->in[index]);
  onnx_adapt_set_ints(a, name, n, list);
  return ERR_OK;
}

/** Plain where input 0 is, and where the first axis is not worked on; lifted elsewhere. */
static enum onnx_view view_of(const struct adapt *a, const struct shape *x, bool first)
{
  const int value = a->node->in[0];
  const bool lifted =
      !onnx_view_has(a->m, value, ONNX_PLAIN) && onnx_view_has(a->m, value, ONNX_LIFTED);
  return lifted || first || x->rank < 2 ? ONNX_LIFTED : ONNX_PLAIN;
}

static int64_t default_axis(const struct adapt *a)
{
  const char *op = a->node->proto->op_type;
  if (!strcmp(op, "Gather")) return 0;
  return a->m->opset < 13 && strcmp(op, "LayerNormalization") != 0 ? 1 : -1;
}

/** One axis, in the attribute `axis`. */
err onnx_adapt_axis(struct adapt *a)
{
  struct shape x;
  int64_t axis = 0;
  int at = 0;
  CHECK(onnx_adapt_moves(a, 0), ERR_UNSUPPORTED, "input 0 does not depend on the image");
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  TRY(attr_int(a->attrs, "axis", default_axis(a), &axis));
  TRY(onnx_fold_axis(axis, x.rank, &at));
  const enum onnx_view view = view_of(a, &x, at == 0);
  TRY(onnx_adapt_fetch(a, view, x.rank));
  if (view == ONNX_LIFTED) onnx_adapt_set_int(a, "axis", at + 1);
  return onnx_adapt_emit(a, view);
}

/** Axes that are not named are all of them, or none. */
static err reduced(struct adapt *a, int rank, int *n, int64_t axes[MAX_RANK])
{
  int64_t keep_all = 0;
  TRY(onnx_adapt_axes(a, "axes", 1, rank, n, axes));
  TRY(attr_int(a->attrs, "noop_with_empty_axes", 0, &keep_all));
  for (int i = 0; i < rank && !*n && !keep_all; i++) axes[i] = i;
  if (!*n && !keep_all) *n = rank;
  return ERR_OK;
}

/** The axes of a plane whose channels are last, as they are in the graph. */
static err reduce_nhwc(struct adapt *a, int n, int64_t axes[MAX_RANK], bool keep)
{
  static const int stored[] = {0, 2, 3, 1};
  TRY(onnx_adapt_fetch(a, ONNX_NHWC, 4));
  for (int i = 0; i < n; i++) axes[i] = stored[axes[i]];
  TRY(onnx_adapt_put(a, "axes", 1, n, axes));
  return onnx_adapt_emit(a, keep ? ONNX_NHWC : ONNX_PLAIN);
}

err onnx_adapt_reduce(struct adapt *a)
{
  struct shape x;
  int64_t axes[MAX_RANK], keepdims = 1;
  int n = 0;
  bool gone[MAX_RANK] = {false};
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  TRY(attr_int(a->attrs, "keepdims", 1, &keepdims));
  TRY(reduced(a, x.rank, &n, axes));
  for (int i = 0; i < n; i++) gone[axes[i]] = true;
  const bool plane = n == 2 && gone[1] && gone[2];
  if (onnx_view_has(a->m, a->node->in[0], ONNX_NHWC) && !gone[0] && n && (keepdims || plane))
    return reduce_nhwc(a, n, axes, keepdims != 0);
  const enum onnx_view view = view_of(a, &x, gone[0] || (!keepdims && x.rank - n < 2));
  TRY(onnx_adapt_fetch(a, view, x.rank));
  for (int i = 0; i < n && view == ONNX_LIFTED; i++) axes[i]++;
  if (n) TRY(onnx_adapt_put(a, "axes", 1, n, axes));
  return onnx_adapt_emit(a, view);
}

/** Shape of the joined tensors, as far as the view depends on it. */
static err concat_shape(struct adapt *a, int axis, struct shape *ys)
{
  TRY(onnx_value_shape(a->m, a->node->in[0], ys));
  if (axis == 0) ys->dim[0] = 2; /* several first extents are joined */
  return ERR_OK;
}

/** A constant among joined tensors needs the image's axis, too. */
static err lift_constants(struct adapt *a)
{
  char text[ONNX_NAME_ROOM];
  for (int i = 0; i < a->node->n_in; i++) {
    const struct onnx_constant *c = NULL;
    struct shape y;
    if (onnx_adapt_moves(a, i) || !onnx_adapt_given(a, i)) continue;
    TRY(onnx_value_constant(a->m, a->node->in[i], &c));
    CHECK(c->floats, ERR_UNSUPPORTED, "input %d is not of floats", i);
    TRY(onnx_shape_lift(&c->shape, c->shape.rank, &y));
    const int64_t bytes = shape_count(&y) * (int64_t)sizeof *c->floats;
    TRY(onnx_budget_take(a->m, bytes));
    float *copy = malloc((size_t)bytes);
    CHECK(copy, ERR_MEMORY, "no memory for input %d", i);
    memcpy(copy, c->floats, (size_t)bytes);
    const char *name = onnx_name_new(a->m, a->m->values[a->node->in[i]].name, "lifted", text);
    TRY(graph_add_floats(a->m->builder, name, &y, copy, &a->in[i]));
  }
  return ERR_OK;
}

err onnx_adapt_concat(struct adapt *a)
{
  static const int stored[] = {0, 2, 3, 1};
  struct shape ys;
  int64_t given = 1;
  int axis = 0;
  bool fixed = false;
  enum onnx_view view = ONNX_PLAIN;
  TRY(onnx_value_shape(a->m, a->node->in[0], &ys));
  TRY(attr_int(a->attrs, "axis", 1, &given));
  TRY(onnx_fold_axis(given, ys.rank, &axis));
  TRY(concat_shape(a, axis, &ys));
  for (int i = 0; i < a->node->n_in; i++) {
    CHECK(onnx_adapt_given(a, i), ERR_FORMAT, "input %d is missing", i);
    fixed = fixed || !onnx_adapt_moves(a, i);
  }
  TRY(onnx_adapt_view(a, &ys, !fixed && axis != 0, &view));
  TRY(onnx_adapt_fetch(a, view, ys.rank));
  if (view == ONNX_LIFTED) TRY(lift_constants(a));
  if (view != ONNX_PLAIN)
    onnx_adapt_set_int(a, "axis", view == ONNX_LIFTED ? axis + 1 : stored[axis]);
  return onnx_adapt_emit(a, view);
}

err onnx_adapt_slice(struct adapt *a)
{
  struct shape x;
  int64_t axes[MAX_RANK];
  int n = 0;
  const struct onnx_constant *starts = NULL;
  const struct attr *old = attr_find(a->attrs, "starts");
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  TRY(onnx_adapt_axes(a, "axes", 3, x.rank, &n, axes));
  if (!old) TRY(onnx_adapt_ints(a, 1, &starts));
  const int64_t count = old ? old->n : starts ? shape_count(&starts->shape) : 0;
  CHECK(count > 0 && count <= x.rank && (!n || n == count), ERR_FORMAT, "%" PRId64 " starts",
        count);
  for (int i = 0; i < count && !n; i++) axes[i] = i;
  bool first = false;
  for (int i = 0; i < count; i++) first = first || axes[i] == 0;
  const enum onnx_view view = view_of(a, &x, first);
  TRY(onnx_adapt_fetch(a, view, x.rank));
  if (view == ONNX_PLAIN) return onnx_adapt_emit(a, view);
  for (int i = 0; i < count; i++) axes[i]++;
  if (old) {
    onnx_adapt_set_ints(a, "axes", (int)count, axes);
    return onnx_adapt_emit(a, view);
  }
  struct onnx_node wider = *a->node;
  const struct onnx_node *narrow = a->node;
  wider.n_in = wider.n_in < 4 ? 4 : wider.n_in; /* a->in has room for it */
  TRY(onnx_emit_ints(a->m, a->m->values[a->node->out[0]].name, "axes", (int)count, axes,
                     &a->in[3]));
  a->node = &wider;
  const err e = onnx_adapt_emit(a, view);
  a->node = narrow;
  return e;
}

/** Widths of all axes, before and after, from those that the file names. */
static err pad_widths(struct adapt *a, int rank, int64_t pads[2 * MAX_RANK])
{
  const struct attr *old = attr_find(a->attrs, "pads");
  const struct onnx_constant *c = NULL;
  int64_t axes[MAX_RANK];
  int n = 0;
  if (!old) TRY(onnx_adapt_ints(a, 1, &c));
  TRY(onnx_adapt_axes(a, "axes", 3, rank, &n, axes));
  for (int i = 0; i < rank && !n; i++) axes[i] = i;
  if (!n) n = rank;
  const int64_t *list = old && old->kind == ATTR_INTS ? old->ints : c ? c->ints : NULL;
  const int64_t count = old ? old->n : c ? shape_count(&c->shape) : 0;
  CHECK(list && count == 2 * n, ERR_FORMAT, "%" PRId64 " pads for %d axes", count, n);
  memset(pads, 0, 2 * (size_t)rank * sizeof *pads);
  for (int i = 0; i < n; i++) {
    pads[axes[i]] = list[i];
    pads[rank + axes[i]] = list[n + i];
  }
  return ERR_OK;
}

/** Pads of every axis, in the order of the view; the axes that newer opsets name are dropped. */
err onnx_adapt_pad(struct adapt *a)
{
  static const int stored[] = {0, 2, 3, 1};
  struct shape x;
  int64_t pads[2 * MAX_RANK], moved[2 * MAX_RANK] = {0};
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  TRY(pad_widths(a, x.rank, pads));
  const bool first = pads[0] || pads[x.rank];
  const bool nhwc = !first && onnx_view_has(a->m, a->node->in[0], ONNX_NHWC);
  const enum onnx_view view = nhwc ? ONNX_NHWC : view_of(a, &x, first);
  const int rank = view == ONNX_LIFTED ? x.rank + 1 : x.rank;
  CHECK(rank <= MAX_RANK, ERR_UNSUPPORTED, "more than %d dimensions", MAX_RANK);
  for (int k = 0; k < x.rank; k++) {
    const int to = nhwc ? stored[k] : k + rank - x.rank;
    moved[to] = pads[k];
    moved[rank + to] = pads[x.rank + k];
  }
  TRY(onnx_adapt_fetch(a, view, x.rank));
  const char *name = a->m->values[a->node->out[0]].name;
  if (attr_find(a->attrs, "pads")) {
    const struct attr all = {.name = "pads", .kind = ATTR_INTS, .n = 2 * rank, .ints = moved};
    for (int i = 0; i < a->edited.n; i++)
      if (!strcmp(a->item[i].name, "pads")) a->item[i] = all;
    return onnx_adapt_emit(a, view);
  }
  struct onnx_node shorter = *a->node;
  const struct onnx_node *whole = a->node;
  shorter.n_in = shorter.n_in > 3 ? 3 : shorter.n_in;
  TRY(onnx_emit_ints(a->m, name, "pads", 2 * rank, moved, &a->in[1]));
  a->node = &shorter;
  const err e = onnx_adapt_emit(a, view);
  a->node = whole;
  return e;
}

/** Length of each part: as given, or equal. */
static err split_lengths(struct adapt *a, int extent, int64_t *length)
{
  const int n = a->node->n_out;
  const struct attr *old = attr_find(a->attrs, "split");
  const struct onnx_constant *c = NULL;
  if (!old) TRY(onnx_adapt_ints(a, 1, &c));
  const int64_t *list = old && old->kind == ATTR_INTS ? old->ints : c ? c->ints : NULL;
  const int64_t count = old ? old->n : c ? shape_count(&c->shape) : n;
  int64_t sum = 0, each = (extent + n - 1) / n;
  CHECK(count == n, ERR_FORMAT, "%" PRId64 " lengths for %d outputs", count, n);
  for (int i = 0; i < n; i++) {
    length[i] = list ? list[i] : sum + each > extent ? extent - sum : each;
    CHECK(length[i] > 0 && length[i] <= extent, ERR_SHAPE, "part %d has length %" PRId64, i,
          length[i]);
    sum += length[i];
  }
  CHECK(sum == extent, ERR_SHAPE, "parts of %" PRId64 " in all from an extent of %d", sum, extent);
  return ERR_OK;
}

/** One part as a Slice. */
static err slice_part(struct adapt *a, int k, int from, enum onnx_view view, int64_t axis,
                      const int64_t range[2])
{
  struct onnx_value *y = onnx_value_of(a->m, a->node->out[k]);
  int in[] = {from, -1, -1, -1};
  const struct attr item[] = {
      {.name = "starts", .kind = ATTR_INTS, .n = 1, .ints = &range[0]},
      {.name = "ends", .kind = ATTR_INTS, .n = 1, .ints = &range[1]},
      {.name = "axes", .kind = ATTR_INTS, .n = 1, .ints = &axis},
  };
  const struct attr_list attrs = {.n = 3, .item = item};
  const bool old = a->m->opset < 10;
  if (!old) {
    TRY(onnx_emit_ints(a->m, y->name, "starts", 1, &range[0], &in[1]));
    TRY(onnx_emit_ints(a->m, y->name, "ends", 1, &range[1], &in[2]));
    TRY(onnx_emit_ints(a->m, y->name, "axes", 1, &axis, &in[3]));
  }
  const struct onnx_emit e = {.op = "Slice",
                              .out_name = y->name,
                              .attrs = old ? &attrs : NULL,
                              .n_in = old ? 1 : 4,
                              .in = in};
  TRY(onnx_emit(a->m, &e, &y->id[view]));
  y->named = true;
  return ERR_OK;
}

/** Each output that is read becomes a Slice. */
err onnx_adapt_split(struct adapt *a)
{
  enum { MAX_PARTS = 64 };
  struct shape x;
  int64_t length[MAX_PARTS], given = 0, first = 0;
  int axis = 0, from = -1;
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  TRY(attr_int(a->attrs, "axis", 0, &given));
  TRY(onnx_fold_axis(given, x.rank, &axis));
  CHECK(a->node->n_out <= MAX_PARTS, ERR_UNSUPPORTED, "more than %d parts", MAX_PARTS);
  TRY(split_lengths(a, x.dim[axis], length));
  const enum onnx_view view = view_of(a, &x, axis == 0);
  TRY(onnx_view_id(a->m, a->node->in[0], view, &from));
  for (int k = 0; k < a->node->n_out; k++) {
    const int64_t range[] = {first, first + length[k]};
    first += length[k];
    if (a->node->out[k] < 0) continue;
    TRY(slice_part(a, k, from, view, axis + (view == ONNX_LIFTED), range));
  }
  return ERR_OK;
}
