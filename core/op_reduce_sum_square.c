/** @file
 *  ReduceSumSquare: the sum of x^2 along axes.
 *  Source: ONNX operator specification, ReduceSumSquare-1 to ReduceSumSquare-18. */
#include "core/reduce.h"

REDUCE_SUM_ROWS(x *x)

static const struct reduce_rows rows = {.start = 0.0, .one = one, .each = each};

REDUCE_FORWARD

static double slope(double x, double y, double count)
{
  (void)y, (void)count;
  return 2.0 * x;
}

REDUCE_BACKWARD

const struct op op_reduce_sum_square = {
    .name = "ReduceSumSquare",
    .source = "ONNX operators, ReduceSumSquare-18",
    .parse = reduce_parse_18,
    .work_bytes = reduce_work_bytes,
    .backward_reads = OP_READS_X,
    REDUCE_FIELDS,
};
