/** @file
 *  ReduceSumSquare: the sum of x^2 along axes.
 *  Source: ONNX operator specification, ReduceSumSquare-1 to ReduceSumSquare-18. */
#include "core/reduce.h"

static err parse(const struct attr_list *list, int opset, void *attr)
{
  return reduce_parse(list, opset, 18, attr);
}

REDUCE_SUM_ROWS(x *x)

static const struct reduce_rows rows = {.start = 0.0, .one = one, .each = each};

static void forward(const struct op_fwd *c)
{
  reduce_forward(c, &rows);
}

static double slope(double x, double y, double count)
{
  (void)y, (void)count;
  return 2.0 * x;
}

static void backward(const struct op_bwd *c)
{
  reduce_backward(c, slope);
}

const struct op op_reduce_sum_square = {
    .name = "ReduceSumSquare",
    .source = "ONNX operators, ReduceSumSquare-18",
    .min_in = 1,
    .max_in = 2,
    .attr_bytes = sizeof(struct reduce),
    .parse = parse,
    .infer = reduce_infer,
    .work_bytes = reduce_work_bytes,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_X,
    .can_set = true,
};
