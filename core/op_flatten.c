/** @file
 *  Flatten: [N, d1, d2, ...] to [N, d1 d2 ...], where everything left of `axis` is the batch.
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

/** Nothing but the batch is left of the axis, and the rest is countable. */
static err check_left(const struct shape *x, int axis)
{
  CHECK(axis > 0, ERR_UNSUPPORTED, "axis 0 would flatten the batch; use axis 1");
  for (int i = 1; i < axis; i++) {
    CHECK(x->dim[i] == 1, ERR_UNSUPPORTED,
          "axis %d would mix the batch with dimension %d; use axis 1", axis, i);
  }
  CHECK(shape_count(x) <= INT_MAX, ERR_SHAPE, "more than %d elements a sample", INT_MAX);
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  const struct flatten *a = attr;
  (void)n_in;
  TRY(operand_activation(in, 0));
  const struct shape *x = &in[0].shape;
  CHECK(a->axis >= -x->rank && a->axis <= x->rank, ERR_FORMAT,
        "axis %" PRId64 " is outside a tensor of %d dimensions", a->axis, x->rank);
  const int axis = (int)(a->axis < 0 ? a->axis + x->rank : a->axis);
  TRY(check_left(x, axis));
  const struct shape flat = {2, {1, (int)shape_count(x)}};
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
};
