/** @file
 *  ReduceL1: the sum of |x| along axes; the derivative at 0 is 0.
 *  Source: ONNX operator specification, ReduceL1-1 to ReduceL1-18. */
#include "core/reduce.h"

#include <math.h>

REDUCE_SUM_ROWS(fabs(x))

static const struct reduce_rows rows = {.start = 0.0, .one = one, .each = each};

REDUCE_FORWARD

static double slope(double x, double y, double count)
{
  (void)y, (void)count;
  return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0;
}

REDUCE_BACKWARD

const struct op op_reduce_l1 = {
    .name = "ReduceL1",
    .source = "ONNX operators, ReduceL1-18",
    .parse = reduce_parse_18,
    .work_bytes = reduce_work_bytes,
    .backward_reads = OP_READS_X,
    REDUCE_FIELDS,
};
