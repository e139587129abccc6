/** @file
 *  Relu: y = max(x, 0), derivative 0 at 0; a NaN stays a NaN.
 *  Source: ONNX operator specification, Relu-14. */
#include "core/elementwise.h"

static void forward(const struct op_fwd *c)
{
  const int64_t n = elementwise_count(c->at);
  const real *restrict x = c->x[0];
  real *restrict y = c->y;
  for (int64_t i = 0; i < n; i++) y[i] = x[i] <= REAL(0.0) ? REAL(0.0) : x[i];
}

static void backward(const struct op_bwd *c)
{
  const int64_t n = elementwise_count(c->at);
  const real *restrict y = c->y, *restrict dy = c->dy;
  real *restrict dx = c->dx[0];
  if (!dx) return;
  for (int64_t i = 0; i < n; i++) {
    const real signal = dy[i]; /* read in any case, so that no branch is needed */
    dx[i] += y[i] > REAL(0.0) ? signal : REAL(0.0);
  }
}

const struct op op_relu = {
    .name = "Relu",
    .source = "ONNX operators, Relu-14",
    .min_in = 1,
    .max_in = 1,
    .infer = elementwise_infer,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_Y,
};
