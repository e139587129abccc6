/** @file
 *  Flatten: to a matrix, whose rows are the dimensions left of `axis`.
 *  Source: ONNX operator specification, Flatten-1 to Flatten-13. */
#include "core/operand.h"
#include "core/relayout.h"

#include <inttypes.h>
#include <limits.h>

struct flatten {
  int64_t axis;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  struct flatten *a = attr;
  return attr_int(list, "axis", 1, &a->axis);
}

/** [product of the extents left of the axis, product of the others]. */
static struct shape matrix(const struct shape *x, int axis)
{
  struct shape left = *x;
  left.rank = axis;
  const int64_t rows = shape_count(&left);
  return (struct shape){2, {(int)rows, (int)(shape_count(x) / rows)}};
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  const struct flatten *a = attr;
  (void)n_in;
  TRY(operand_tensor(in, 0));
  const struct shape *x = &in[0].shape;
  CHECK(a->axis >= -x->rank && a->axis <= x->rank, ERR_FORMAT,
        "axis %" PRId64 " is outside a tensor of %d dimensions", a->axis, x->rank);
  const int axis = (int)(a->axis < 0 ? a->axis + x->rank : a->axis);
  CHECK(axis > 0 || x->dim[0] > 1, ERR_UNSUPPORTED, "axis 0 would flatten the batch; use axis 1");
  CHECK(shape_count(x) <= INT_MAX, ERR_SHAPE, "more than %d elements a sample", INT_MAX);
  const struct shape flat = matrix(x, axis);
  TRY(relayout_check(x, &flat));
  *ys = flat;
  return ERR_OK;
}

const struct op op_flatten = {
    .name = "Flatten",
    .source = "ONNX operators, Flatten-13",
    .min_in = 1,
    .max_in = 1,
    .attr_bytes = sizeof(struct flatten),
    .parse = parse,
    .infer = infer,
    .forward = relayout_forward,
    .backward = relayout_backward,
    .can_set = true,
};
