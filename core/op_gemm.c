/** @file
 *  Gemm with an activation A [N, F] and constants B, C:  y = alpha A op(B) + beta C.
 *  Storage is [features][batch], so with W = op(B)^T one matrix product makes y = W x.
 *  Source: ONNX operator specification, Gemm-7 to Gemm-13. */
#include "core/op.h"
#include "core/operand.h"
#include "core/product.h"

struct dense {
  real alpha, beta;
  bool b_transposed; /* B is [K, F], not [F, K] */
  int c_step;        /* elements of C between two outputs: 1, or 0 for one value */
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  struct dense *a = attr;
  float alpha, beta;
  int64_t ta, tb;
  TRY(attr_float(list, "alpha", 1.0F, &alpha));
  TRY(attr_float(list, "beta", 1.0F, &beta));
  TRY(attr_int(list, "transA", 0, &ta));
  TRY(attr_int(list, "transB", 0, &tb));
  CHECK(!ta, ERR_UNSUPPORTED, "transA = 1 would mix the samples of a batch");
  *a = (struct dense){.alpha = alpha, .beta = beta, .b_transposed = tb != 0};
  return ERR_OK;
}

/** C must broadcast to [N, K] in one direction, the same for every sample. */
static err check_bias(struct dense *a, const struct operand *in, int outputs)
{
  char text[96];
  const struct shape *s = &in[2].shape;
  TRY(operand_floats(in, 2));
  const int last = s->rank ? s->dim[s->rank - 1] : 1;
  CHECK(s->rank <= 2 && shape_count(s) == last && (last == 1 || last == outputs), ERR_SHAPE,
        "input 2 has shape %s, which does not broadcast to [N, %d]",
        shape_text(s, NULL, text, sizeof text), outputs);
  a->c_step = last > 1;
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct dense *a = attr;
  TRY(operand_activation(in, 0));
  TRY(operand_floats(in, 1));
  const struct shape *s = &in[1].shape;
  CHECK(in[0].shape.rank == 2 && s->rank == 2, ERR_SHAPE,
        "matrices are expected, not tensors of %d and %d dimensions", in[0].shape.rank, s->rank);
  const int rows = s->dim[a->b_transposed], outputs = s->dim[!a->b_transposed];
  CHECK(in[0].shape.dim[1] == rows, ERR_SHAPE, "input 0 has %d features, input 1 expects %d",
        in[0].shape.dim[1], rows);
  if (operand_given(in, n_in, 2)) TRY(check_bias(a, in, outputs));
  *ys = (struct shape){2, {1, outputs}};
  return operand_result(ys);
}

/** A scaled signal, and what products want. */
static size_t work_bytes(const struct op_site *at)
{
  return (size_t)(shape_count(&at->ys) * at->batch) * sizeof(real) + product_work_bytes(at->batch);
}

static void forward(const struct op_fwd *c)
{
  const struct dense *a = c->at->attr;
  const int batch = c->at->batch, f = c->at->in[0].shape.dim[1], k = c->at->ys.dim[1];
  const bool biased = operand_given(c->at->in, c->at->n_in, 2);
  product(&(struct product){.m = k,
                            .n = batch,
                            .k = f,
                            .a = c->x[1],
                            .a_step = a->b_transposed ? f : k,
                            .a_transposed = !a->b_transposed,
                            .b = c->x[0],
                            .b_step = batch,
                            .c = c->y,
                            .c_step = batch,
                            .work = c->work});
  for (int i = 0; i < k; i++) {
    const real add = biased ? a->beta * c->x[2][(int64_t)i * a->c_step] : REAL(0.0);
    real *restrict y = c->y + (int64_t)i * batch;
    for (int b = 0; b < batch; b++) y[b] = a->alpha * y[b] + add;
  }
}

static void backward(const struct op_bwd *c)
{
  const struct dense *a = c->at->attr;
  const int batch = c->at->batch, f = c->at->in[0].shape.dim[1], k = c->at->ys.dim[1];
  const int64_t n = (int64_t)k * batch;
  real *restrict scaled = c->work;
  if (!c->dx[0]) return;
  for (int64_t i = 0; i < n; i++) scaled[i] = a->alpha * c->dy[i];
  product(&(struct product){.m = f,
                            .n = batch,
                            .k = k,
                            .a = c->x[1],
                            .a_step = a->b_transposed ? f : k,
                            .a_transposed = a->b_transposed,
                            .b = scaled,
                            .b_step = batch,
                            .c = c->dx[0],
                            .c_step = batch,
                            .add = !op_sets(c, 0),
                            .work = scaled + n});
}

const struct op op_gemm = {
    .name = "Gemm",
    .source = "ONNX operators, Gemm-13",
    .min_in = 2,
    .max_in = 3,
    .attr_bytes = sizeof(struct dense),
    .parse = parse,
    .infer = infer,
    .work_bytes = work_bytes,
    .forward = forward,
    .backward = backward,
    .can_set = true,
    .flops = op_weight_flops,
};
