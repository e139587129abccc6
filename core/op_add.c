/** @file
 *  Add: y = a + b under numpy's broadcasting, of activations and constants.
 *  Source: ONNX operator specification, Add-7 to Add-14. */
#include "core/broadcast.h"
#include "core/weigh.h"

#include <string.h>

static void forward(const struct op_fwd *c)
{
  const struct broadcast s = broadcast_of(c->at);
  broadcast_forward(&s, false, c->x[0], c->x[1], c->y);
}

/** Operand k has the output's own elements, each once. */
static bool is_whole(const struct op_site *at, int k)
{
  return !at->in[k].fixed && shape_count(&at->in[k].shape) == shape_count(&at->ys);
}

/** dx (+)= dy; what lies on dy is there already, and dy stays whole. */
static void backward(const struct op_bwd *c)
{
  const struct broadcast s = broadcast_of(c->at);
  const int64_t n = shape_count(&c->at->ys) * c->at->batch;
  for (int k = 0; k < 2; k++) {
    real *dx = c->dx[k];
    if (!dx || (op_sets(c, k) && dx == c->dy)) continue;
    if (op_sets(c, k) && is_whole(c->at, k)) {
      memcpy(dx, c->dy, (size_t)n * sizeof *dx);
      continue;
    }
    if (op_sets(c, k))
      memset(dx, 0, (size_t)(shape_count(&c->at->in[k].shape) * c->at->batch) * sizeof *dx);
    broadcast_backward(&s, k, c->dy, NULL, dx);
  }
}

static void weigh_run(const struct weigh_call *c)
{
  weigh_by_backward(c, backward);
}

static const struct weigh weigh = {.parameters = 3, .several = true, .run = weigh_run};

const struct op op_add = {
    .name = "Add",
    .source = "ONNX operators, Add-14",
    .min_in = 2,
    .max_in = 2,
    .infer = broadcast_infer,
    .forward = forward,
    .backward = backward,
    .can_set = true,
    .weigh = &weigh,
    .in_place = OP_IN_PLACE_FORWARD | OP_IN_PLACE_BACKWARD | OP_IN_PLACE_BOTH,
};
