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

REDUCE_FORWARD

static void backward(const struct op_bwd *c)
{
  reduce_spread(c, 1.0);
}

const struct op op_reduce_sum = {
    .name = "ReduceSum",
    .source = "ONNX operators, ReduceSum-13",
    .parse = parse,
    .work_bytes = reduce_work_bytes,
    REDUCE_FIELDS,
};
