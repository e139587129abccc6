/** @file
 *  Sub: y = a - b under numpy's broadcasting, of activations and constants.
 *  Source: ONNX operator specification, Sub-7 to Sub-14. */
#include "core/binary.h"
#include "core/broadcast.h"
#include "core/elementwise.h"

SIMD_PART real difference(real a, real b)
{
  return a - b;
}

BINARY_ROW(value, difference)

static void forward(const struct op_fwd *c)
{
  binary_forward(c, value);
}

static void backward(const struct op_bwd *c)
{
  if (c->dx[0]) binary_sum(c->at, 0, c->dy, c->dx[0]);
  if (!c->dx[1]) return;
  elementwise_scale(c->dy, REAL(-1.0), elementwise_count(c->at), true, c->work);
  binary_sum(c->at, 1, c->work, c->dx[1]);
}

const struct op op_sub = {
    .name = "Sub",
    .source = "ONNX operators, Sub-14",
    .min_in = 2,
    .max_in = 2,
    .infer = broadcast_infer,
    .work_bytes = binary_work_bytes,
    .forward = forward,
    .backward = backward,
};
