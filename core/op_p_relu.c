/** @file
 *  PRelu: y = x for x > 0, slope x elsewhere, with a constant slope that is broadcast to x; the derivative
 *  at 0 is the slope.
 *  Source: ONNX operator specification, PRelu-7 to PRelu-16. */
#include "core/binary.h"
#include "core/broadcast.h"
#include "core/nest.h"
#include "core/operand.h"
#include "core/weigh.h"

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct shape s;
  char x[96], w[96];
  TRY(operand_tensor(in, 0));
  TRY(operand_floats(in, 1));
  TRY(broadcast_infer(attr, in, n_in, &s));
  CHECK(shape_equal(&s, &in[0].shape), ERR_SHAPE, "a slope of shape %s does not broadcast to %s",
        shape_text(&in[1].shape, NULL, w, sizeof w), shape_text(&in[0].shape, "N", x, sizeof x));
  *ys = s;
  return ERR_OK;
}

SIMD_PART real rectified(real x, real slope)
{
  return x > REAL(0.0) ? x : slope * x;
}
BINARY_ROW(value, rectified)

static void forward(const struct op_fwd *c)
{
  binary_forward(c, value);
}

/** dx[i] += dy[i] where x[i] > 0, slope[i step] dy[i] elsewhere. */
SIMD static void back_row(const real *restrict x, const real *restrict slope, int64_t step,
                          const real *restrict dy, int64_t n, real *restrict dx)
{
  if (step == 0) {
    for (int64_t i = 0; i < n; i++) dx[i] += x[i] > REAL(0.0) ? dy[i] : slope[0] * dy[i];
  } else {
    for (int64_t i = 0; i < n; i++) dx[i] += x[i] > REAL(0.0) ? dy[i] : slope[i * step] * dy[i];
  }
}

/* Without scratch: rules hand over a signal that is in there. */
static void backward(const struct op_bwd *c)
{
  const struct nest s = nest_of_output(c->at, (const int[]){1, -1});
  const int last = s.n - 1;
  struct nest_walk w = nest_begin(&s, 1);
  if (!c->dx[0]) return;
  do {
    back_row(c->x[0] + w.at[0], c->x[1] + w.at[1], s.step[1][last], c->dy + w.at[0], s.extent[last],
             c->dx[0] + w.at[0]);
  } while (nest_next(&w));
}

/** d slope += x dy where x is not positive, over all that the slope is broadcast along. */
static void weigh_run(const struct weigh_call *c)
{
  const struct nest s = nest_of_output(c->at, (const int[]){1, -1});
  const int last = s.n - 1;
  const int64_t step = s.step[1][last], n = s.extent[last];
  struct nest_walk w = nest_begin(&s, 1);
  do {
    const real *x = c->x[0] + w.at[0], *dy = c->dy + w.at[0];
    real *slope = c->dw[1] + w.at[1];
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
      if (!(x[i] > REAL(0.0))) sum += (double)x[i] * (double)dy[i];
      if (!step && i + 1 < n) continue;
      slope[i * step] += (real)sum;
      sum = 0.0;
    }
  } while (nest_next(&w));
}

static const struct weigh weigh = {.parameters = 1U << 1, .run = weigh_run};

const struct op op_p_relu = {
    .name = "PRelu",
    .source = "ONNX operators, PRelu-16",
    .min_in = 2,
    .max_in = 2,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_X,
    .weigh = &weigh,
};
