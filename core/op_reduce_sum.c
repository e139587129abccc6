/** @file
 *  ReduceSum: the sum along axes.
 *  Source: ONNX operator specification, ReduceSum-1 to ReduceSum-13. */
#include "core/reduce.h"

static err parse(const struct attr_list *list, int opset, void *attr)
{
  return reduce_parse(list, opset, 13, attr);
}

REDUCE_SUM_ROWS(x)

static const struct reduce_rows rows = {.start = 0.0, .one = one, .each = each};

static void forward(const struct op_fwd *c)
{
  reduce_forward(c, &rows);
}

static void backward(const struct op_bwd *c)
{
  reduce_spread(c, 1.0);
}

const struct op op_reduce_sum = {
    .name = "ReduceSum",
    .source = "ONNX operators, ReduceSum-13",
    .min_in = 1,
    .max_in = 2,
    .attr_bytes = sizeof(struct reduce),
    .parse = parse,
    .infer = reduce_infer,
    .work_bytes = reduce_work_bytes,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
