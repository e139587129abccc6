/** @file
 *  Unsqueeze: axes of extent 1 where the output is to have them.
 *  Source: ONNX operator specification, Unsqueeze-1 to Unsqueeze-13. */
#include "core/axes.h"
#include "core/operand.h"
#include "core/relayout.h"

static err parse(const struct attr_list *list, int opset, void *attr)
{
  return axes_parse(list, opset, 13, attr);
}

/** How many axes are named, before their positions can be checked. */
static err count_axes(const struct axes *a, const struct operand *in, int n_in, int *n)
{
  const int64_t *unused;
  *n = a->n;
  if (operand_given(in, n_in, 1)) TRY(operand_ints(in, 1, SHAPE_MAX_RANK, n, &unused));
  CHECK(*n > 0, ERR_FORMAT, "no axes are given");
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  unsigned set;
  int n;
  TRY(operand_tensor(in, 0));
  const struct shape *x = &in[0].shape;
  TRY(count_axes(attr, in, n_in, &n));
  CHECK(x->rank + n <= SHAPE_MAX_RANK, ERR_UNSUPPORTED,
        "the output would have %d dimensions; at most %d are supported", x->rank + n,
        SHAPE_MAX_RANK);
  struct shape s = {.rank = x->rank + n};
  TRY(axes_settle(attr, in, n_in, 1, s.rank, &set, &n));
  for (int i = 0, from = 0; i < s.rank; i++) s.dim[i] = set >> i & 1U ? 1 : x->dim[from++];
  *ys = s;
  return ERR_OK;
}

const struct op op_unsqueeze = {
    .name = "Unsqueeze",
    .source = "ONNX operators, Unsqueeze-13",
    .min_in = 1,
    .max_in = 2,
    .attr_bytes = sizeof(struct axes),
    .parse = parse,
    .infer = infer,
    .forward = relayout_forward,
    .backward = relayout_backward,
    .can_set = true,
};
