/** @file
 *  Neg: y = -x.  Source: ONNX operator specification, Neg-6 to Neg-13. */
#include "core/elementwise.h"

static void forward(const struct op_fwd *c)
{
  elementwise_scale(c->x[0], REAL(-1.0), elementwise_count(c->at), true, c->y);
}

static void backward(const struct op_bwd *c)
{
  if (!c->dx[0]) return;
  elementwise_scale(c->dy, REAL(-1.0), elementwise_count(c->at), op_sets(c, 0), c->dx[0]);
}

const struct op op_neg = {
    .name = "Neg",
    .source = "ONNX operators, Neg-13",
    .min_in = 1,
    .max_in = 1,
    .infer = elementwise_infer,
    .forward = forward,
    .backward = backward,
    .can_set = true,
    .in_place = OP_IN_PLACE_FORWARD | OP_IN_PLACE_BACKWARD,
};
