/** @file
 *  ReduceLogSumExp: y = log of the sum of exp(x) along axes, derivative exp(x - y).  Elements are added one
 *  by one as log(exp(a) + exp(b)) = max + log(1 + exp(min - max)), which cannot overflow.
 *  Source: ONNX operator specification, ReduceLogSumExp-1 to ReduceLogSumExp-18. */
#include "core/reduce.h"

#include <math.h>

static err parse(const struct attr_list *list, int opset, void *attr)
{
  return reduce_parse(list, opset, 18, attr);
}

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

static void forward(const struct op_fwd *c)
{
  reduce_forward(c, &rows);
}

static double slope(double x, double y, double count)
{
  (void)count;
  return exp(x - y);
}

static void backward(const struct op_bwd *c)
{
  reduce_backward(c, slope);
}

const struct op op_reduce_log_sum_exp = {
    .name = "ReduceLogSumExp",
    .source = "ONNX operators, ReduceLogSumExp-18",
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
