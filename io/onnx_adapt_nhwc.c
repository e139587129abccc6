/** @file
 *  Ways of operators through graphs with the channels last, as TensorFlow's: what can work with the
 *  channels in front does, and Transposes between the two disappear. */
#include "io/onnx_adapt.h"
#include "io/onnx_fold.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_RANK = ADAPT_MAX_RANK };

const int onnx_stored[4] = {0, 2, 3, 1};

/** Constants of more dimensions would give the result more than the activations have. */
static bool small_constants(const struct adapt *a)
{
  for (int i = 0; i < a->node->n_in; i++) {
    const struct onnx_constant *c = NULL;
    if (!onnx_adapt_given(a, i) || onnx_adapt_moves(a, i)) continue;
    if (onnx_value_constant(a->m, a->node->in[i], &c) || c->shape.rank > 4) return false;
  }
  return true;
}

/** Element by element under broadcasting. */
err onnx_adapt_elementwise(struct adapt *a)
{
  const bool nhwc = onnx_adapt_is_nhwc(a) && small_constants(a);
  const enum onnx_view view = nhwc ? ONNX_NHWC : ONNX_PLAIN;
  TRY(onnx_adapt_fetch(a, view));
  return onnx_adapt_emit(a, a->node->n_in, 0, view);
}

/** The node's one axis as the graph has it, in the attribute `axis`. */
static err store_axis(struct adapt *a, int64_t otherwise)
{
  int64_t given = 0;
  int axis = 0;
  TRY(attr_int(a->attrs, "axis", otherwise, &given));
  TRY(onnx_fold_axis(given, 4, &axis));
  onnx_adapt_set_int(a, "axis", onnx_stored[axis]);
  return ERR_OK;
}

err onnx_adapt_concat(struct adapt *a)
{
  bool nhwc = onnx_adapt_is_nhwc(a);
  for (int i = 0; i < a->node->n_in; i++) nhwc = nhwc && onnx_adapt_moves(a, i);
  if (!nhwc) return onnx_adapt_plain(a);
  TRY(store_axis(a, 1));
  TRY(onnx_adapt_fetch(a, ONNX_NHWC));
  return onnx_adapt_emit(a, a->node->n_in, 0, ONNX_NHWC);
}

/** One node for each output that is read. */
err onnx_adapt_split(struct adapt *a)
{
  const enum onnx_view view = onnx_adapt_is_nhwc(a) ? ONNX_NHWC : ONNX_PLAIN;
  if (view == ONNX_NHWC) TRY(store_axis(a, 0));
  TRY(onnx_adapt_fetch(a, view));
  onnx_adapt_set_int(a, "outputs", a->node->n_out);
  for (int k = 0; k < a->node->n_out; k++) {
    if (a->node->out[k] < 0) continue;
    onnx_adapt_set_int(a, "output", k);
    TRY(onnx_adapt_emit(a, a->node->n_in, k, view));
  }
  return ERR_OK;
}

/** Over axes that are named: they are renamed, and what is left of a plane is plain. */
err onnx_adapt_reduce(struct adapt *a)
{
  const int64_t *list = NULL;
  int64_t axes[MAX_RANK], keepdims = 1;
  int n = 0;
  bool gone[MAX_RANK] = {false};
  if (!onnx_adapt_is_nhwc(a)) return onnx_adapt_plain(a);
  TRY(attr_int(a->attrs, "keepdims", 1, &keepdims));
  TRY(onnx_adapt_list(a, "axes", 1, &n, &list));
  CHECK(n <= 4, ERR_FORMAT, "%d axes of a tensor of 4 dimensions", n);
  TRY(onnx_fold_mark(list, n, 4, gone));
  const bool plane = n == 2 && gone[1] && gone[2];
  if (!n || gone[0] || !(keepdims || plane)) return onnx_adapt_plain(a);
  for (int i = 0; i < n; i++) axes[i] = onnx_stored[list[i] < 0 ? list[i] + 4 : list[i]];
  TRY(onnx_adapt_fetch(a, ONNX_NHWC));
  TRY(onnx_adapt_put(a, "axes", 1, n, axes));
  return onnx_adapt_emit(a, a->node->n_in, 0, keepdims ? ONNX_NHWC : ONNX_PLAIN);
}

/** Widths of all four axes, before and after; the axes that newer opsets name are no longer needed. */
err onnx_adapt_pad(struct adapt *a)
{
  const int64_t *pads = NULL, *axes = NULL;
  int64_t moved[8] = {0};
  int n = 0, n_axes = 0;
  bool named[MAX_RANK] = {false};
  if (!onnx_adapt_is_nhwc(a)) return onnx_adapt_plain(a);
  TRY(onnx_adapt_list(a, "pads", 1, &n, &pads));
  TRY(onnx_adapt_list(a, "axes", 3, &n_axes, &axes));
  const int count = axes ? n_axes : 4;
  CHECK(pads && count <= 4 && n == 2 * count, ERR_FORMAT, "%d pads for %d axes", n, count);
  TRY(onnx_fold_mark(axes, n_axes, 4, named));
  for (int i = 0; i < count; i++) {
    const int64_t axis = !axes ? i : axes[i] < 0 ? axes[i] + 4 : axes[i];
    moved[onnx_stored[axis]] = pads[i];
    moved[4 + onnx_stored[axis]] = pads[count + i];
  }
  TRY(onnx_adapt_fetch(a, ONNX_NHWC));
  TRY(onnx_adapt_put(a, "pads", 1, 8, moved));
  return onnx_adapt_emit(a, a->node->n_in > 3 ? 3 : a->node->n_in, 0, ONNX_NHWC);
}

/** The permutation, by default of all axes in reverse; of the graph's axes where channels are last. */
static err read_perm(struct adapt *a, int rank, bool nhwc, int *perm)
{
  bool used[MAX_RANK] = {false};
  int n = 0;
  TRY(attr_ints(a->attrs, "perm", MAX_RANK, 0, MAX_RANK - 1, &n, perm));
  CHECK(!n || n == rank, ERR_FORMAT, "perm has %d entries for rank %d", n, rank);
  for (int k = 0; k < rank; k++) {
    if (!n) perm[k] = rank - 1 - k;
    CHECK(perm[k] < rank && !used[perm[k]], ERR_FORMAT, "perm is not a permutation");
    used[perm[k]] = true;
  }
  for (int k = 0; nhwc && k < rank; k++) perm[k] = onnx_stored[perm[k]];
  return ERR_OK;
}

/** To the channels last is another view of the same value, and back is none; the rest moves. */
err onnx_adapt_transpose(struct adapt *a)
{
  static const int same[] = {0, 1, 2, 3};
  const int x = a->node->in[0];
  struct onnx_value *y = onnx_value_of(a->m, a->node->out[0]);
  struct shape s;
  int perm[MAX_RANK];
  int64_t list[MAX_RANK];
  const enum onnx_view view = onnx_adapt_is_nhwc(a) ? ONNX_NHWC : ONNX_PLAIN;
  TRY(onnx_value_shape(a->m, x, &s));
  TRY(read_perm(a, s.rank, view == ONNX_NHWC, perm));
  TRY(onnx_adapt_fetch(a, view));
  const bool last = s.rank == 4 && !memcmp(perm, onnx_stored, sizeof onnx_stored);
  if (last || (s.rank == 4 && !memcmp(perm, same, sizeof same))) {
    y->id[last ? ONNX_NHWC : ONNX_PLAIN] = a->in[0];
    return ERR_OK;
  }
  for (int k = 0; k < s.rank; k++) list[k] = perm[k];
  onnx_adapt_set_ints(a, "perm", s.rank, list);
  return onnx_adapt_emit(a, 1, 0, ONNX_PLAIN);
}

/** The output is input 0 itself. */
static void pass_through(struct adapt *a)
{
  a->m->values[a->node->out[0]].alias = (int)(onnx_value_of(a->m, a->node->in[0]) - a->m->values);
}

/** With a ratio of 0 it is nothing even where it is exported for training, as torchvision's Swin is. */
err onnx_adapt_dropout(struct adapt *a)
{
  const struct onnx_constant *ratio = NULL, *training = NULL;
  if (onnx_adapt_given(a, 1)) TRY(onnx_value_constant(a->m, a->node->in[1], &ratio));
  if (onnx_adapt_given(a, 2)) TRY(onnx_value_constant(a->m, a->node->in[2], &training));
  const bool off =
      ratio && ratio->floats && shape_count(&ratio->shape) == 1 && ratio->floats[0] == 0.0F;
  if (!training || !off) return onnx_adapt_elementwise(a);
  pass_through(a);
  return ERR_OK;
}

/** Nothing where the input has the shape already. */
err onnx_adapt_expand(struct adapt *a)
{
  const struct onnx_constant *target = NULL;
  struct shape x, t, y;
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  TRY(onnx_adapt_ints(a, 1, &target));
  CHECK(target && shape_count(&target->shape) <= MAX_RANK, ERR_UNSUPPORTED,
        "more than %d dimensions", MAX_RANK);
  TRY(onnx_shape_check(target->ints, (size_t)shape_count(&target->shape),
                       a->m->values[a->node->out[0]].name, &t));
  TRY(onnx_fold_broadcast(&x, &t, &y));
  if (!shape_equal(&x, &y)) return onnx_adapt_plain(a);
  pass_through(a);
  return ERR_OK;
}
