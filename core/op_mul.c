/** @file
 *  Mul: y = a b under numpy's broadcasting, of activations and constants.
 *  Source: ONNX operator specification, Mul-7 to Mul-14. */
#include "core/broadcast.h"
#include "core/weigh.h"

static void forward(const struct op_fwd *c)
{
  const struct broadcast s = broadcast_of(c->at);
  broadcast_forward(&s, true, c->x[0], c->x[1], c->y);
}

static void backward(const struct op_bwd *c)
{
  const struct broadcast s = broadcast_of(c->at);
  for (int k = 0; k < 2; k++)
    if (c->dx[k]) broadcast_backward(&s, k, c->dy, c->x[!k], c->dx[k]);
}

static void weigh_run(const struct weigh_call *c)
{
  weigh_by_backward(c, backward);
}

static const struct weigh weigh = {.parameters = 3, .several = true, .run = weigh_run};

const struct op op_mul = {
    .name = "Mul",
    .source = "ONNX operators, Mul-14",
    .min_in = 2,
    .max_in = 2,
    .infer = broadcast_infer,
    .forward = forward,
    .backward = backward,
    .weigh = &weigh,
    .backward_reads = OP_READS_X,
    .reads_at = op_product_reads,
};
