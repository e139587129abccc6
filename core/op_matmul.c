/** @file
 *  MatMul of an activation [N, F] and a constant B [F, K]:  y = B^T x as stored.
 *  Source: ONNX operator specification, MatMul-13. */
#include "core/op.h"
#include "core/operand.h"
#include "core/product.h"

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  (void)attr, (void)n_in;
  CHECK(in[0].fixed || in[1].fixed, ERR_UNSUPPORTED,
        "a product of two tensors that both depend on the image; one must be a constant");
  TRY(operand_activation(in, 0));
  TRY(operand_floats(in, 1));
  const struct shape *s = &in[1].shape;
  CHECK(in[0].shape.rank == 2 && s->rank == 2, ERR_UNSUPPORTED,
        "only matrices are supported, not tensors of %d and %d dimensions", in[0].shape.rank,
        s->rank);
  CHECK(in[0].shape.dim[1] == s->dim[0], ERR_SHAPE, "input 0 has %d features, input 1 has %d rows",
        in[0].shape.dim[1], s->dim[0]);
  *ys = (struct shape){2, {1, s->dim[1]}};
  return operand_result(ys);
}

static size_t work_bytes(const struct op_site *at)
{
  return product_work_bytes(at->batch);
}

static void forward(const struct op_fwd *c)
{
  const int batch = c->at->batch, f = c->at->in[0].shape.dim[1], k = c->at->ys.dim[1];
  product(&(struct product){.m = k,
                            .n = batch,
                            .k = f,
                            .a = c->x[1],
                            .a_step = k,
                            .a_transposed = true,
                            .b = c->x[0],
                            .b_step = batch,
                            .c = c->y,
                            .c_step = batch,
                            .work = c->work});
}

static void backward(const struct op_bwd *c)
{
  const int batch = c->at->batch, f = c->at->in[0].shape.dim[1], k = c->at->ys.dim[1];
  if (!c->dx[0]) return;
  product(&(struct product){.m = f,
                            .n = batch,
                            .k = k,
                            .a = c->x[1],
                            .a_step = k,
                            .b = c->dy,
                            .b_step = batch,
                            .c = c->dx[0],
                            .c_step = batch,
                            .add = true,
                            .work = c->work});
}

const struct op op_matmul = {
    .name = "MatMul",
    .source = "ONNX operators, MatMul-13",
    .min_in = 2,
    .max_in = 2,
    .infer = infer,
    .work_bytes = work_bytes,
    .forward = forward,
    .backward = backward,
    .flops = op_weight_flops,
};
