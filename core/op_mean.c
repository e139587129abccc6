/** @file
 *  Mean of any number of broadcast inputs.
 *  Source: ONNX operator specification, Mean-8 to Mean-13. */
#include "core/elementwise.h"
#include "core/several.h"

SIMD_PART real folded(real a, real b)
{
  return a + b;
}

BINARY_ROW(row, folded)

static void forward(const struct op_fwd *c)
{
  several_fold(c, row);
  elementwise_scale(c->y, REAL(1.0) / (real)c->at->n_in, elementwise_count(c->at), true, c->y);
}

static void backward(const struct op_bwd *c)
{
  const real each = REAL(1.0) / (real)c->at->n_in;
  elementwise_scale(c->dy, each, elementwise_count(c->at), true, c->work);
  for (int k = 0; k < c->at->n_in; k++)
    if (c->dx[k]) binary_sum(c->at, k, c->work, c->dx[k]);
}

const struct op op_mean = {
    .name = "Mean",
    .source = "ONNX operators, Mean-13",
    .min_in = 1,
    .max_in = -1,
    .infer = several_infer,
    .work_bytes = binary_work_bytes,
    .forward = forward,
    .backward = backward,
};
