/** @file
 *  Squeeze: without the axes named, which have extent 1, or without every such axis where none is named.
 *  Source: ONNX operator specification, Squeeze-1 to Squeeze-13. */
#include "core/axes.h"
#include "core/operand.h"
#include "core/relayout.h"

static err parse(const struct attr_list *list, int opset, void *attr)
{
  return axes_parse(list, opset, 13, attr);
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  unsigned set;
  int n;
  TRY(operand_tensor(in, 0));
  const struct shape *x = &in[0].shape;
  TRY(axes_settle(attr, in, n_in, 1, x->rank, &set, &n));
  struct shape s = {0};
  for (int i = 0; i < x->rank; i++) {
    const bool named = set >> i & 1U;
    CHECK(!named || x->dim[i] == 1, ERR_SHAPE, "axis %d has extent %d, not 1", i, x->dim[i]);
    if (!named && (n || x->dim[i] != 1)) s.dim[s.rank++] = x->dim[i];
  }
  *ys = s;
  return ERR_OK;
}

const struct op op_squeeze = {
    .name = "Squeeze",
    .source = "ONNX operators, Squeeze-13",
    .min_in = 1,
    .max_in = 2,
    .attr_bytes = sizeof(struct axes),
    .parse = parse,
    .infer = infer,
    .forward = relayout_forward,
    .backward = relayout_backward,
    .can_set = true,
};
