/** @file
 *  Add: y = a + b under numpy's broadcasting, of activations and constants.
 *  Source: ONNX operator specification, Add-7 to Add-14. */
#include "core/broadcast.h"
#include "core/op.h"

static void forward(const struct op_fwd *c)
{
  const struct broadcast s = broadcast_of(c->at);
  broadcast_forward(&s, false, c->x[0], c->x[1], c->y);
}

static void backward(const struct op_bwd *c)
{
  const struct broadcast s = broadcast_of(c->at);
  for (int k = 0; k < 2; k++)
    if (c->dx[k]) broadcast_backward(&s, k, c->dy, NULL, c->dx[k]);
}

const struct op op_add = {
    .name = "Add",
    .source = "ONNX operators, Add-14",
    .min_in = 2,
    .max_in = 2,
    .infer = broadcast_infer,
    .forward = forward,
    .backward = backward,
};
