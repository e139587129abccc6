/** @file
 *  ReduceL2: the root of the sum of x^2 along axes; the derivative where all are 0 is 0, as in PyTorch.
 *  Source: ONNX operator specification, ReduceL2-1 to ReduceL2-18. */
#include "core/reduce.h"

#include <math.h>

static err parse(const struct attr_list *list, int opset, void *attr)
{
  return reduce_parse(list, opset, 18, attr);
}

REDUCE_SUM_ROWS(x *x)

static double finish(double acc, double count)
{
  (void)count;
  return sqrt(acc);
}

static const struct reduce_rows rows = {.start = 0.0, .one = one, .each = each, .finish = finish};

static void forward(const struct op_fwd *c)
{
  reduce_forward(c, &rows);
}

static double slope(double x, double y, double count)
{
  (void)count;
  return y > 0.0 ? x / y : 0.0;
}

static void backward(const struct op_bwd *c)
{
  reduce_backward(c, slope);
}

const struct op op_reduce_l2 = {
    .name = "ReduceL2",
    .source = "ONNX operators, ReduceL2-18",
    .min_in = 1,
    .max_in = 2,
    .attr_bytes = sizeof(struct reduce),
    .parse = parse,
    .infer = reduce_infer,
    .work_bytes = reduce_work_bytes,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_X | OP_READS_Y,
    .can_set = true,
};
