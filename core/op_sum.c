/** @file
 *  Sum of any number of broadcast inputs.
 *  Source: ONNX operator specification, Sum-8 to Sum-13. */
#include "core/several.h"

SIMD_PART real folded(real a, real b)
{
  return a + b;
}

BINARY_ROW(row, folded)

static void forward(const struct op_fwd *c)
{
  several_fold(c, row);
}

static void backward(const struct op_bwd *c)
{
  for (int k = 0; k < c->at->n_in; k++)
    if (c->dx[k]) binary_sum(c->at, k, c->dy, c->dx[k]);
}

const struct op op_sum = {
    .name = "Sum",
    .source = "ONNX operators, Sum-13",
    .min_in = 1,
    .max_in = -1,
    .infer = several_infer,
    .forward = forward,
    .backward = backward,
};
