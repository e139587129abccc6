/** @file
 *  Gemm with an activation A [N, F] and constants B, C:  y = alpha A op(B) + beta C.
 *  Where A is [1, F] storage is [features][batch], so with W = op(B)^T one matrix product makes
 *  y = W x; where it has more rows, those of all samples are one matrix.
 *  Source: ONNX operator specification, Gemm-7 to Gemm-13. */
#include "core/matrix.h"
#include "core/op.h"
#include "core/operand.h"
#include "core/weigh.h"

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
  TRY(operand_tensor(in, 0));
  TRY(operand_floats(in, 1));
  const struct shape *s = &in[1].shape;
  CHECK(in[0].shape.rank == 2 && s->rank == 2, ERR_SHAPE,
        "matrices are expected, not tensors of %d and %d dimensions", in[0].shape.rank, s->rank);
  const int rows = s->dim[a->b_transposed], outputs = s->dim[!a->b_transposed];
  CHECK(in[0].shape.dim[1] == rows, ERR_SHAPE, "input 0 has %d features, input 1 expects %d",
        in[0].shape.dim[1], rows);
  if (operand_given(in, n_in, 2)) TRY(check_bias(a, in, outputs));
  *ys = (struct shape){2, {in[0].shape.dim[0], outputs}};
  return operand_result(ys);
}

/** Rows of A over the whole unit, where it has several a sample; else 0. */
static int rows_of(const struct op_site *at)
{
  const int rows = at->in[0].shape.dim[0];
  return rows > 1 ? rows * at->batch : 0;
}

/** A scaled signal, and what products want. */
static size_t work_bytes(const struct op_site *at)
{
  const int f = at->in[0].shape.dim[1], k = at->ys.dim[1];
  const size_t forward = matrix_work_bytes(k, f), backward = matrix_work_bytes(f, k);
  const size_t rows = forward > backward ? forward : backward;
  return (size_t)(shape_count(&at->ys) * at->batch) * sizeof(real) +
         (rows_of(at) ? rows : product_work_bytes(at->batch));
}

static real bias_of(const struct op_site *at, int output)
{
  const struct dense *a = at->attr;
  if (!operand_given(at->in, at->n_in, 2)) return REAL(0.0);
  return a->beta * at->in[2].data[(int64_t)output * a->c_step];
}

/** y = A op(B) row by row of all samples, then scaled and biased. */
static void forward_rows(const struct op_fwd *c, int rows)
{
  const struct dense *a = c->at->attr;
  const int f = c->at->in[0].shape.dim[1], k = c->at->ys.dim[1];
  matrix_product(&(struct matrix_product){.m = rows,
                                          .n = k,
                                          .k = f,
                                          .b_transposed = a->b_transposed,
                                          .a = c->x[0],
                                          .b = c->x[1],
                                          .c = c->y,
                                          .a_step = f,
                                          .b_step = a->b_transposed ? f : k,
                                          .c_step = k,
                                          .work = c->work});
  for (int r = 0; r < rows; r++) {
    real *restrict y = c->y + (int64_t)r * k;
    for (int i = 0; i < k; i++) y[i] = a->alpha * y[i] + bias_of(c->at, i);
  }
}

static void forward(const struct op_fwd *c)
{
  const struct dense *a = c->at->attr;
  const int batch = c->at->batch, f = c->at->in[0].shape.dim[1], k = c->at->ys.dim[1];
  if (rows_of(c->at)) {
    forward_rows(c, rows_of(c->at));
    return;
  }
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
    const real add = bias_of(c->at, i);
    real *restrict y = c->y + (int64_t)i * batch;
    for (int b = 0; b < batch; b++) y[b] = a->alpha * y[b] + add;
  }
}

/** dx (+)= scaled op(B)^T. */
static void backward_rows(const struct op_bwd *c, int rows, const real *scaled, void *work)
{
  const struct dense *a = c->at->attr;
  const int f = c->at->in[0].shape.dim[1], k = c->at->ys.dim[1];
  matrix_product(&(struct matrix_product){.m = rows,
                                          .n = f,
                                          .k = k,
                                          .b_transposed = !a->b_transposed,
                                          .add = !op_sets(c, 0),
                                          .a = scaled,
                                          .b = c->x[1],
                                          .c = c->dx[0],
                                          .a_step = k,
                                          .b_step = a->b_transposed ? f : k,
                                          .c_step = f,
                                          .work = work});
}

static void backward(const struct op_bwd *c)
{
  const struct dense *a = c->at->attr;
  const int batch = c->at->batch, f = c->at->in[0].shape.dim[1], k = c->at->ys.dim[1];
  const int64_t n = shape_count(&c->at->ys) * batch;
  real *restrict scaled = c->work;
  if (!c->dx[0]) return;
  for (int64_t i = 0; i < n; i++) scaled[i] = a->alpha * c->dy[i];
  if (rows_of(c->at)) {
    backward_rows(c, rows_of(c->at), scaled, scaled + n);
    return;
  }
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

static int64_t flops(const struct op_site *at)
{
  return 2 * shape_count(&at->ys) * at->in[0].shape.dim[1];
}

static int weights(const struct op_site *at)
{
  (void)at;
  return 1;
}

static int outputs(const struct op_site *at)
{
  return at->ys.dim[1];
}

static int output_of(const struct op_site *at, int64_t i)
{
  const struct dense *a = at->attr;
  const int columns = at->in[1].shape.dim[1];
  return (int)(a->b_transposed ? i / columns : i % columns);
}

static bool has_rows(const struct op_site *at)
{
  return rows_of(at) > 0;
}

static const struct op_linear linear = {
    .bias = 2,
    .weights = weights,
    .output_of = output_of,
    .outputs = outputs,
    .bias_of = bias_of,
    .last = has_rows,
};

/** dB[f, k] += alpha sum over rows of  A[r, f] dy[r, k],  dC[k] += beta sum of dy[r, k]; one sample, whose
 *  vector is stored as a row is. */
static void weigh_run(const struct weigh_call *c)
{
  const struct dense *a = c->at->attr;
  const int rows = c->at->in[0].shape.dim[0], f = c->at->in[0].shape.dim[1], k = c->at->ys.dim[1];
  const int64_t step_f = a->b_transposed ? 1 : k, step_k = a->b_transposed ? f : 1;
  for (int r = 0; r < rows; r++) {
    const real *x = c->x[0] + (int64_t)r * f, *dy = c->dy + (int64_t)r * k;
    for (int i = 0; i < k; i++) {
      if (c->at->n_in > 2 && c->dw[2]) c->dw[2][(int64_t)i * a->c_step] += a->beta * dy[i];
      const real by = a->alpha * dy[i];
      for (int j = 0; c->dw[1] && j < f; j++) c->dw[1][j * step_f + i * step_k] += by * x[j];
    }
  }
}

static const struct weigh weigh = {.parameters = 1U << 1 | 1U << 2, .run = weigh_run};

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
    .linear = &linear,
    .weigh = &weigh,
    .flops = flops,
};
