/** @file
 *  ReduceL2: the root of the sum of x^2 along axes; the derivative where all are 0 is 0, as in PyTorch.
 *  Source: ONNX operator specification, ReduceL2-1 to ReduceL2-18. */
#include "core/reduce.h"

#include <math.h>

REDUCE_SUM_ROWS(x *x)

static double finish(double acc, double count)
{
  (void)count;
  return sqrt(acc);
}

static const struct reduce_rows rows = {.start = 0.0, .one = one, .each = each, .finish = finish};

REDUCE_FORWARD

static double slope(double x, double y, double count)
{
  (void)count;
  return y > 0.0 ? x / y : 0.0;
}

REDUCE_BACKWARD

const struct op op_reduce_l2 = {
    .name = "ReduceL2",
    .source = "ONNX operators, ReduceL2-18",
    .parse = reduce_parse_18,
    .work_bytes = reduce_work_bytes,
    .backward_reads = OP_READS_X | OP_READS_Y,
    REDUCE_FIELDS,
};
