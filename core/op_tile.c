/** @file
 *  Tile: x repeated along each axis, as often as a constant list says.
 *  Source: ONNX operator specification, Tile-6 to Tile-13. */
#include "core/nest.h"
#include "core/operand.h"

#include <inttypes.h>
#include <limits.h>

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  int n, loops = 1;
  const int64_t *times;
  (void)attr, (void)n_in;
  TRY(operand_tensor(in, 0));
  TRY(operand_ints(in, 1, SHAPE_MAX_RANK, &n, &times));
  const struct shape *x = &in[0].shape;
  CHECK(n == x->rank, ERR_FORMAT, "%d repeats for %d dimensions", n, x->rank);
  *ys = *x;
  for (int i = 0; i < n; i++) {
    CHECK(times[i] > 0 && times[i] <= INT_MAX / x->dim[i], ERR_SHAPE,
          "%" PRId64 " repeats along axis %d of extent %d", times[i], i, x->dim[i]);
    CHECK(i || times[i] == 1 || x->dim[i] > 1, ERR_UNSUPPORTED,
          "axis 0 is the batch; samples must stay as many as they are");
    ys->dim[i] = x->dim[i] * (int)times[i];
    loops += (x->dim[i] > 1) + (times[i] > 1);
  }
  CHECK(loops <= NEST_AXES, ERR_UNSUPPORTED, "repeats along too many axes at once");
  return operand_result(ys);
}

/** Loops over the output, array 0, and where each element comes from, array 1. */
static struct nest loops_of(const struct op_site *at)
{
  const struct shape *x = &at->in[0].shape;
  const struct shape_steps out = shape_steps(&at->ys, at->batch);
  const struct shape_steps in = operand_steps(&at->in[0], at->batch);
  struct nest s = {0};
  nest_add(&s, at->batch, (int64_t[NEST_ARRAYS]){out.batch, in.batch});
  for (int i = 0; i < x->rank; i++) {
    const int times = at->ys.dim[i] / x->dim[i];
    if (times > 1) nest_add(&s, times, (int64_t[NEST_ARRAYS]){out.axis[i] * x->dim[i], 0});
    if (x->dim[i] > 1) nest_add(&s, x->dim[i], (int64_t[NEST_ARRAYS]){out.axis[i], in.axis[i]});
  }
  nest_settle(&s, 0);
  return s;
}

static void forward(const struct op_fwd *c)
{
  const struct nest s = loops_of(c->at);
  nest_copy(&s, c->x[0], false, c->y);
}

/** Every element gets the sum over its copies, in the order of the output. */
static void backward(const struct op_bwd *c)
{
  const struct nest s = loops_of(c->at);
  const int last = s.n - 1;
  struct nest_walk w = nest_begin(&s, 1);
  if (!c->dx[0]) return;
  do {
    for (int64_t i = 0; i < s.extent[last]; i++)
      c->dx[0][w.at[1] + i * s.step[1][last]] += c->dy[w.at[0] + i * s.step[0][last]];
  } while (nest_next(&w));
}

const struct op op_tile = {
    .name = "Tile",
    .source = "ONNX operators, Tile-13",
    .min_in = 2,
    .max_in = 2,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
