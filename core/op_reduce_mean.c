/** @file
 *  ReduceMean: the mean along axes.
 *  Source: ONNX operator specification, ReduceMean-1 to ReduceMean-18. */
#include "core/reduce.h"

REDUCE_SUM_ROWS(x)

static double finish(double acc, double count)
{
  return acc / count;
}

static const struct reduce_rows rows = {.start = 0.0, .one = one, .each = each, .finish = finish};

REDUCE_FORWARD

static void backward(const struct op_bwd *c)
{
  const struct reduce *a = c->at->attr;
  reduce_spread(c, 1.0 / (double)a->reduced);
}

const struct op op_reduce_mean = {
    .name = "ReduceMean",
    .source = "ONNX operators, ReduceMean-18",
    .parse = reduce_parse_18,
    .work_bytes = reduce_work_bytes,
    REDUCE_FIELDS,
};
