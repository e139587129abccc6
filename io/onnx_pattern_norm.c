/** @file
 *  Normalisation over the last axes. */
#include "io/onnx_pattern.h"

/** Axes that a list names, counted from the front; false where it is no list of different axes. */
static bool mark_axes(const int64_t *list, int64_t n, int rank, bool gone[SHAPE_MAX_RANK])
{
  for (int64_t i = 0; i < n; i++) {
    const int64_t axis = list[i] < 0 ? list[i] + rank : list[i];
    if (axis < 0 || axis >= rank || gone[axis]) return false;
    gone[axis] = true;
  }
  return n > 0;
}

/** How many axes a reduction names, all of them the last ones of `rank`; else 0. */
static int last_axes(const struct look *l, const struct onnx_node *n, const struct attr_list *attrs,
                     int rank)
{
  const struct attr *a = attr_find(attrs, "axes");
  const struct onnx_constant *c = NULL;
  bool gone[SHAPE_MAX_RANK] = {false};
  int64_t keepdims = 1;
  if (attr_int(attrs, "keepdims", 1, &keepdims) || keepdims != 1) return 0;
  if (!a && n->n_in > 1 && n->in[1] >= 0 && onnx_value_constant(l->m, n->in[1], &c)) return 0;
  const int64_t *list = a && a->kind == ATTR_INTS ? a->ints : c ? c->ints : NULL;
  const int64_t count = a ? a->n : c ? shape_count(&c->shape) : 0;
  if (!list || !mark_axes(list, count, rank, gone)) return 0;
  int last = 0;
  while (last < rank && gone[rank - 1 - last]) last++;
  return last == count && last < rank ? last : 0;
}

/** The same for a ReduceMean whose axes stay as 1. */
static int trailing_axes(const struct look *l, const struct onnx_node *mean)
{
  struct onnx_attrs *attrs = NULL;
  struct shape x;
  if (onnx_value_shape(l->m, mean->in[0], &x) || onnx_attrs_make(mean->proto, &attrs)) return 0;
  const int n = last_axes(l, mean, onnx_attrs_list(attrs), x.rank);
  onnx_attrs_free(&attrs);
  return n;
}

/** value = x - mean(x) for an x, over the axes that `axes` tells; or -1. */
static int centred(const struct look *l, int value, int *axes)
{
  const struct onnx_node *sub = onnx_match_node(l, value, "Sub");
  const struct onnx_node *mean =
      sub && sub->n_in == 2 ? onnx_match_node(l, sub->in[1], "ReduceMean") : NULL;
  if (!mean || mean->n_in < 1 || !onnx_match_same(l, mean->in[0], sub->in[0])) return -1;
  *axes = trailing_axes(l, mean);
  return *axes ? sub->in[0] : -1;
}

/** value = x^2 for a centred x */
static bool is_square(const struct look *l, int value, int x)
{
  const struct onnx_node *pow = onnx_match_node(l, value, "Pow"),
                         *mul = onnx_match_node(l, value, "Mul");
  if (pow && pow->n_in == 2)
    return onnx_match_same(l, pow->in[0], x) && onnx_match_is(l, pow->in[1], 2.0);
  return mul && mul->n_in == 2 && onnx_match_same(l, mul->in[0], x) &&
         onnx_match_same(l, mul->in[1], x);
}

/** (x - mean) / sqrt(mean((x - mean)^2) + epsilon): gives x, axes and epsilon. */
static bool normalised(const struct look *l, const struct onnx_node *div, int *x, int *axes,
                       double *epsilon)
{
  int other = 0, again = 0;
  const struct onnx_node *root =
      div && div->n_in == 2 ? onnx_match_node(l, div->in[1], "Sqrt") : NULL;
  const struct onnx_node *sum =
      root && root->n_in == 1 ? onnx_match_node(l, root->in[0], "Add") : NULL;
  *x = div ? centred(l, div->in[0], axes) : -1;
  if (!sum || sum->n_in != 2 || *x < 0 || !onnx_match_number(l, sum->in[1], epsilon)) return false;
  const struct onnx_node *mean = onnx_match_node(l, sum->in[0], "ReduceMean");
  if (!mean || mean->n_in < 1 || trailing_axes(l, mean) != *axes) return false;
  if (is_square(l, mean->in[0], div->in[0])) return true;
  const struct onnx_node *pow =
      onnx_match_node(l, mean->in[0], "Pow"); /* of a second subtraction */
  again = pow && pow->n_in == 2 && onnx_match_is(l, pow->in[1], 2.0)
              ? centred(l, pow->in[0], &other)
              : -1;
  return again >= 0 && other == *axes && onnx_match_same(l, again, *x);
}

/** Which input of a node is a constant of the last `axes` extents of x; the other is *rest. */
static int affine(const struct look *l, const struct onnx_node *n, int x, int axes, int *rest)
{
  struct shape s;
  if (!n || n->n_in != 2 || onnx_value_shape(l->m, x, &s)) return -1;
  for (int k = 0; k < 2; k++) {
    const struct onnx_constant *c = NULL;
    const int value = n->in[k];
    if (value < 0 || !onnx_value_is_constant(l->m, value)) continue;
    if (onnx_value_constant(l->m, value, &c) || !c->floats || c->shape.rank != axes) continue;
    bool same = true;
    for (int i = 0; i < axes; i++) same = same && c->shape.dim[i] == s.dim[s.rank - axes + i];
    *rest = n->in[1 - k];
    if (same) return value;
  }
  return -1;
}

/** normalised(x) * scale + shift.  Source: Ba, Kiros and Hinton 2016, arXiv:1607.06450. */
bool onnx_pattern_layer_normalization(struct look *l, const struct onnx_node *add)
{
  int rest = -1, x = -1, axes = 0;
  double epsilon = 0.0;
  if (add->n_in != 2) return false;
  for (int k = 0; k < 2; k++) {
    const struct onnx_node *mul = onnx_match_node(l, add->in[k], "Mul");
    for (int i = 0; mul && mul->n_in == 2 && i < 2; i++) {
      if (!normalised(l, onnx_match_node(l, mul->in[i], "Div"), &x, &axes, &epsilon)) continue;
      const int scale = affine(l, mul, x, axes, &rest), shift = affine(l, add, x, axes, &rest);
      if (scale < 0 || shift < 0) return false;
      l->found = (struct found){.n_in = 3, .in = {x, scale, shift}, .n_attrs = 2};
      l->found.attr[0] = (struct attr){.name = "axis", .kind = ATTR_INT, .i = -axes};
      l->found.attr[1] = (struct attr){.name = "epsilon", .kind = ATTR_FLOAT, .f = (float)epsilon};
      return true;
    }
  }
  return false;
}
