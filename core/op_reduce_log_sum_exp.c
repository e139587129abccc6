/** @file
 *  ReduceLogSumExp: y = log of the sum of exp(x) along axes, derivative exp(x - y).  Elements are added one
 *  by one as log(exp(a) + exp(b)) = max + log(1 + exp(min - max)), which cannot overflow.
 *  Source: ONNX operator specification, ReduceLogSumExp-1 to ReduceLogSumExp-18. */
#include "core/reduce.h"

#include <math.h>

/** log(exp(a) + exp(b)); infinities of one sign keep it. */
static double joined(double a, double b)
{
  const double more = a > b ? a : b, less = a > b ? b : a;
  return a == b ? a + log(2.0) : more + log1p(exp(less - more));
}

static double one(const real *x, int64_t n, double before)
{
  for (int64_t i = 0; i < n; i++) before = joined((double)x[i], before);
  return before;
}

static void each(const real *x, int64_t n, double *acc, int64_t step)
{
  for (int64_t i = 0; i < n; i++) acc[i * step] = joined((double)x[i], acc[i * step]);
}

static const struct reduce_rows rows = {.start = -INFINITY, .one = one, .each = each};

REDUCE_FORWARD

static double slope(double x, double y, double count)
{
  (void)count;
  return exp(x - y);
}

REDUCE_BACKWARD

const struct op op_reduce_log_sum_exp = {
    .name = "ReduceLogSumExp",
    .source = "ONNX operators, ReduceLogSumExp-18",
    .parse = reduce_parse_18,
    .work_bytes = reduce_work_bytes,
    .backward_reads = OP_READS_X | OP_READS_Y,
    REDUCE_FIELDS,
};
