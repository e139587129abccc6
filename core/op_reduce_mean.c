/** @file
 *  ReduceMean: the mean along axes.
 *  Source: ONNX operator specification, ReduceMean-1 to ReduceMean-18. */
#include "core/reduce.h"

static err parse(const struct attr_list *list, int opset, void *attr)
{
  return reduce_parse(list, opset, 18, attr);
}

REDUCE_SUM_ROWS(x)

static double finish(double acc, double count)
{
  return acc / count;
}

static const struct reduce_rows rows = {.start = 0.0, .one = one, .each = each, .finish = finish};

static void forward(const struct op_fwd *c)
{
  reduce_forward(c, &rows);
}

static void backward(const struct op_bwd *c)
{
  const struct reduce *a = c->at->attr;
  reduce_spread(c, 1.0 / (double)a->reduced);
}

const struct op op_reduce_mean = {
    .name = "ReduceMean",
    .source = "ONNX operators, ReduceMean-18",
    .min_in = 1,
    .max_in = 2,
    .attr_bytes = sizeof(struct reduce),
    .parse = parse,
    .infer = reduce_infer,
    .work_bytes = reduce_work_bytes,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
