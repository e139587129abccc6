/** @file
 *  GlobalAveragePool: the mean over all positions of a channel, summed in double.
 *  Source: ONNX operator specification, GlobalAveragePool-1. */
#include "core/lanes.h"
#include "core/op.h"
#include "core/operand.h"

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  (void)attr, (void)n_in;
  TRY(operand_activation(in, 0));
  CHECK(in[0].shape.rank >= 3, ERR_SHAPE, "input 0 has no positions to average over");
  *ys = in[0].shape;
  for (int i = 2; i < ys->rank; i++) ys->dim[i] = 1;
  return ERR_OK;
}

/** The sum of n numbers: eight partial sums of every eighth number, added up as a tree. */
SIMD_PART double sum_of(const real *restrict x, int64_t n)
{
  double part[LANES] = {0.0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) part[l] += (double)x[i + l];
  for (int l = 0; i + l < n; l++) part[l] += (double)x[i + l];
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int l = 0; l < half; l++) part[l] += part[l + half];
  return part[0];
}

SIMD static void means(const real *restrict x, int64_t rows, int64_t n, real *restrict y)
{
  for (int64_t r = 0; r < rows; r++) y[r] = (real)(sum_of(x + r * n, n) / (double)n);
}

static void forward(const struct op_fwd *c)
{
  const int64_t rows = shape_count(&c->at->ys) * c->at->batch;
  means(c->x[0], rows, shape_inner(&c->at->in[0].shape), c->y);
}

static void backward(const struct op_bwd *c)
{
  const int64_t rows = shape_count(&c->at->ys) * c->at->batch;
  const int64_t n = shape_inner(&c->at->in[0].shape);
  if (!c->dx[0]) return;
  for (int64_t r = 0; r < rows; r++) {
    const real each = (real)((double)c->dy[r] / (double)n);
    real *restrict dx = c->dx[0] + r * n;
    if (op_sets(c, 0)) {
      for (int64_t i = 0; i < n; i++) dx[i] = each;
    } else {
      for (int64_t i = 0; i < n; i++) dx[i] += each;
    }
  }
}

const struct op op_global_average_pool = {
    .name = "GlobalAveragePool",
    .source = "ONNX operators, GlobalAveragePool-1",
    .min_in = 1,
    .max_in = 1,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
