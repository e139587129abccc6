/** @file
 *  ReduceLogSum: y = log of the sum along axes, derivative exp(-y).
 *  Source: ONNX operator specification, ReduceLogSum-1 to ReduceLogSum-18. */
#include "core/reduce.h"

#include <math.h>

static err parse(const struct attr_list *list, int opset, void *attr)
{
  return reduce_parse(list, opset, 18, attr);
}

REDUCE_SUM_ROWS(x)

static double finish(double acc, double count)
{
  (void)count;
  return log(acc);
}

static const struct reduce_rows rows = {.start = 0.0, .one = one, .each = each, .finish = finish};

static void forward(const struct op_fwd *c)
{
  reduce_forward(c, &rows);
}

static double slope(double x, double y, double count)
{
  (void)x, (void)count;
  return exp(-y);
}

static void backward(const struct op_bwd *c)
{
  reduce_backward(c, slope);
}

const struct op op_reduce_log_sum = {
    .name = "ReduceLogSum",
    .source = "ONNX operators, ReduceLogSum-18",
    .min_in = 1,
    .max_in = 2,
    .attr_bytes = sizeof(struct reduce),
    .parse = parse,
    .infer = reduce_infer,
    .work_bytes = reduce_work_bytes,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_Y,
    .can_set = true,
};
