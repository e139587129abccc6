/** @file
 *  ReduceLogSum: y = log of the sum along axes, derivative exp(-y).
 *  Source: ONNX operator specification, ReduceLogSum-1 to ReduceLogSum-18. */
#include "core/reduce.h"

#include <math.h>

REDUCE_SUM_ROWS(x)

static double finish(double acc, double count)
{
  (void)count;
  return log(acc);
}

static const struct reduce_rows rows = {.start = 0.0, .one = one, .each = each, .finish = finish};

REDUCE_FORWARD

static double slope(double x, double y, double count)
{
  (void)x, (void)count;
  return exp(-y);
}

REDUCE_BACKWARD

const struct op op_reduce_log_sum = {
    .name = "ReduceLogSum",
    .source = "ONNX operators, ReduceLogSum-18",
    .parse = reduce_parse_18,
    .work_bytes = reduce_work_bytes,
    .backward_reads = OP_READS_Y,
    REDUCE_FIELDS,
};
