/** @file
 *  ReduceL1: the sum of |x| along axes; the derivative at 0 is 0.
 *  Source: ONNX operator specification, ReduceL1-1 to ReduceL1-18. */
#include "core/reduce.h"

#include <math.h>

static err parse(const struct attr_list *list, int opset, void *attr)
{
  return reduce_parse(list, opset, 18, attr);
}

REDUCE_SUM_ROWS(fabs(x))

static const struct reduce_rows rows = {.start = 0.0, .one = one, .each = each};

static void forward(const struct op_fwd *c)
{
  reduce_forward(c, &rows);
}

static double slope(double x, double y, double count)
{
  (void)y, (void)count;
  return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0;
}

static void backward(const struct op_bwd *c)
{
  reduce_backward(c, slope);
}

const struct op op_reduce_l1 = {
    .name = "ReduceL1",
    .source = "ONNX operators, ReduceL1-18",
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
