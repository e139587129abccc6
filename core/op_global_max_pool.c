/** @file
 *  GlobalMaxPool: the largest of all positions of a channel; the signal goes to the first of equal ones.  A
 *  NaN is larger than anything, and of several the last one counts, as in PyTorch.
 *  Source: ONNX operator specification, GlobalMaxPool-1. */
#include "core/op.h"
#include "core/operand.h"

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  (void)attr, (void)n_in;
  TRY(operand_activation(in, 0));
  CHECK(in[0].shape.rank >= 3, ERR_SHAPE, "input 0 has no positions to take the largest of");
  *ys = in[0].shape;
  for (int i = 2; i < ys->rank; i++) ys->dim[i] = 1;
  return ERR_OK;
}

static int64_t rows_of(const struct op_site *at)
{
  return shape_count(&at->ys) * at->batch;
}

static size_t aux_bytes(const struct op_site *at)
{
  return (size_t)rows_of(at) * sizeof(int32_t);
}

static void forward(const struct op_fwd *c)
{
  const int64_t n = shape_inner(&c->at->in[0].shape);
  int32_t *where = c->aux;
  for (int64_t r = 0; r < rows_of(c->at); r++) {
    const real *restrict x = c->x[0] + r * n;
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
      if (x[i] > x[best] || x[i] != x[i]) best = i;
    where[r] = (int32_t)best;
    c->y[r] = x[best];
  }
}

static void backward(const struct op_bwd *c)
{
  const int64_t n = shape_inner(&c->at->in[0].shape);
  const int32_t *where = c->aux;
  if (!c->dx[0]) return;
  for (int64_t r = 0; r < rows_of(c->at); r++) c->dx[0][r * n + where[r]] += c->dy[r];
}

const struct op op_global_max_pool = {
    .name = "GlobalMaxPool",
    .source = "ONNX operators, GlobalMaxPool-1",
    .min_in = 1,
    .max_in = 1,
    .infer = infer,
    .aux_bytes = aux_bytes,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_AUX,
};
