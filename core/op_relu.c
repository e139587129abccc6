/** @file
 *  Relu: y = max(x, 0), derivative 0 at 0; a NaN stays a NaN and passes no signal.
 *  The backward pass reads one bit an element, so that y need not be kept for it.
 *  Source: ONNX operator specification, Relu-14. */
#include "core/elementwise.h"
#include "core/gate.h"

static size_t aux_bytes(const struct op_site *at)
{
  return gate_bytes(elementwise_count(at));
}

static void forward(const struct op_fwd *c)
{
  gate_rectify(c->x[0], elementwise_count(c->at), c->y, c->aux);
}

static void backward(const struct op_bwd *c)
{
  if (c->dx[0]) gate_pass(c->aux, c->dy, elementwise_count(c->at), op_sets(c, 0), c->dx[0]);
}

const struct op op_relu = {
    .name = "Relu",
    .source = "ONNX operators, Relu-14",
    .min_in = 1,
    .max_in = 1,
    .infer = elementwise_infer,
    .aux_bytes = aux_bytes,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_AUX,
    .can_set = true,
    .in_place = OP_IN_PLACE_FORWARD | OP_IN_PLACE_BACKWARD,
};
