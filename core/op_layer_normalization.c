/** @file
 *  LayerNormalization over all dimensions from `axis` on, with constant scale and bias of their shape.
 *  Source: ONNX operator specification, LayerNormalization-17, Ba, Kiros, Hinton 2016, arXiv:1607.06450. */
#include "core/normalise.h"
#include "core/operand.h"

enum { X = NORMALISE_X, SCALE = NORMALISE_SCALE, BIAS = NORMALISE_BIAS };

struct norm {
  struct normalise_attr common;
  int64_t given;
  int axis;
};

static struct normalise normalise_at(const struct op_site *at)
{
  const struct norm *a = at->attr;
  const struct groups g = groups_along(&at->ys, at->batch, a->axis, true);
  return (struct normalise){g, a->common.epsilon, g.b, 1, 1, 0};
}

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct norm *a = attr;
  (void)opset;
  TRY(attr_int(list, "axis", -1, &a->given));
  return normalise_parse(list, normalise_at, &a->common);
}

/** Input i is a constant with the extents of x from the axis on; ones may be in front. */
static err check_parameter(const struct operand *in, int i, int axis)
{
  char text[96], want[96];
  const struct shape *x = &in[X].shape, *s = &in[i].shape;
  struct shape tail = {.rank = x->rank - axis};
  for (int d = 0; d < tail.rank; d++) tail.dim[d] = x->dim[axis + d];
  TRY(operand_floats(in, i));
  bool agree = s->rank >= tail.rank && shape_count(s) == shape_count(&tail);
  for (int d = 0; agree && d < tail.rank; d++)
    agree = s->dim[s->rank - tail.rank + d] == tail.dim[d];
  CHECK(agree, ERR_SHAPE, "input %d has shape %s; %s is expected", i,
        shape_text(s, NULL, text, sizeof text), shape_text(&tail, NULL, want, sizeof want));
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct norm *a = attr;
  TRY(operand_tensor(in, X));
  TRY(operand_axis(a->given, &in[X].shape, &a->axis));
  TRY(check_parameter(in, SCALE, a->axis));
  if (operand_given(in, n_in, BIAS)) TRY(check_parameter(in, BIAS, a->axis));
  *ys = in[X].shape;
  return ERR_OK;
}

const struct op op_layer_normalization = {
    .name = "LayerNormalization",
    .source = "ONNX operators, LayerNormalization-17",
    .min_in = 2,
    .max_in = 3,
    NORMALISE_FIELDS,
};
