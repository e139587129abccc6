/** @file
 *  Expand: x broadcast with a constant shape.
 *  Source: ONNX operator specification, Expand-8 to Expand-13. */
#include "core/binary.h"
#include "core/broadcast.h"
#include "core/nest.h"
#include "core/operand.h"

#include <inttypes.h>
#include <limits.h>

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  int n;
  const int64_t *target;
  (void)n_in;
  TRY(operand_tensor(in, 0));
  TRY(operand_ints(in, 1, SHAPE_MAX_RANK, &n, &target));
  struct operand both[2] = {in[0], {.present = true, .fixed = true, .shape = {.rank = n}}};
  for (int i = 0; i < n; i++) {
    CHECK(target[i] > 0 && target[i] <= INT_MAX, ERR_SHAPE,
          "extent %" PRId64 " in dimension %d of the shape", target[i], i);
    both[1].shape.dim[i] = (int)target[i];
  }
  return broadcast_infer_all(attr, both, 2, ys);
}

static void forward(const struct op_fwd *c)
{
  const struct nest s = nest_of_output(c->at, (const int[]){0, -1});
  nest_copy(&s, c->x[0], false, c->y);
}

static void backward(const struct op_bwd *c)
{
  if (c->dx[0]) binary_sum(c->at, 0, c->dy, c->dx[0]);
}

const struct op op_expand = {
    .name = "Expand",
    .source = "ONNX operators, Expand-13",
    .min_in = 2,
    .max_in = 2,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
