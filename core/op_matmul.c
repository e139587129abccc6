/** @file
 *  MatMul: y[.., i, j] = sum over k of a[.., i, k] b[.., k, j], of activations and constants, the
 *  dimensions in front broadcast as numpy does.  Three ways:
 *
 *    features  a is [1, F], stored [F][batch], b a constant matrix: one product  y = b^T a
 *    rows      b is a constant matrix: one product of the rows of all samples
 *    each      a product for each sample and each index in front
 *
 *  Source: ONNX operator specification, MatMul-1 to MatMul-13. */
#include "core/broadcast.h"
#include "core/matrix.h"
#include "core/nest.h"
#include "core/operand.h"
#include "core/weigh.h"

#include <string.h>

enum { A, B };

/** Extent of an operand along its last dimension but `back`. */
static int last(const struct shape *s, int back)
{
  return s->dim[s->rank - 1 - back];
}

/** Neighbours along the last dimension are neighbours in memory. */
static bool has_rows(const struct shape *s, bool fixed)
{
  return fixed || s->rank > 2 || s->dim[0] > 1;
}

static bool is_features(const struct operand *in)
{
  return !has_rows(&in[A].shape, in[A].fixed);
}

/** b is one constant matrix for all rows of a. */
static bool is_rows(const struct operand *in)
{
  const struct shape *b = &in[B].shape;
  return in[B].fixed && in[A].shape.rank >= b->rank &&
         shape_count(b) == (int64_t)last(b, 0) * last(b, 1);
}

static err check_matrices(const struct operand *in)
{
  for (int i = 0; i < 2; i++) {
    TRY(operand_numbers(in, i));
    CHECK(in[i].shape.rank >= 2, ERR_UNSUPPORTED,
          "input %d has %d dimensions; at least 2 are supported", i, in[i].shape.rank);
  }
  const int columns = last(&in[A].shape, 0), rows = last(&in[B].shape, 1);
  CHECK(columns == rows, ERR_SHAPE, "input 0 has %d columns, input 1 has %d rows", columns, rows);
  return ERR_OK;
}

/** Dimension 0, where it is the batch, stays in front. */
static err check_batch(const struct operand *in, const struct shape *ys)
{
  CHECK(has_rows(&in[B].shape, in[B].fixed), ERR_UNSUPPORTED,
        "the batch of input 1 would be summed over");
  CHECK(!is_features(in) || is_rows(in), ERR_UNSUPPORTED,
        "vectors are multiplied by constant matrices only");
  CHECK(is_features(in) || has_rows(ys, false), ERR_UNSUPPORTED,
        "a constant row would put the batch in front");
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  (void)n_in;
  TRY(check_matrices(in));
  struct operand front[2] = {in[A], in[B]};
  struct shape s;
  for (int i = 0; i < 2; i++) front[i].shape.rank -= 2;
  TRY(broadcast_infer_all(attr, front, 2, &s));
  CHECK(s.rank + 2 <= SHAPE_MAX_RANK, ERR_UNSUPPORTED, "more than %d dimensions", SHAPE_MAX_RANK);
  s.dim[s.rank++] = last(&in[A].shape, 1);
  s.dim[s.rank++] = last(&in[B].shape, 0);
  TRY(operand_result(&s));
  TRY(check_batch(in, &s));
  *ys = s;
  return ERR_OK;
}

static int row_step(const struct operand *in, int batch)
{
  return (int)operand_steps(in, batch).axis[in->shape.rank - 2];
}

/** One product  y = a b, in all three ways; the arrays are to be filled in. */
static struct matrix_product product_of(const struct op_site *at)
{
  const struct shape *a = &at->in[A].shape;
  const struct operand y = {.shape = at->ys};
  const int k = last(a, 0), n = last(&at->ys, 0), rows = (int)(shape_count(a) * at->batch / k);
  if (is_features(at->in)) { /* y = b^T a */
    return (struct matrix_product){.m = n,
                                   .n = rows,
                                   .k = k,
                                   .a_transposed = true,
                                   .a_step = n,
                                   .b_step = rows,
                                   .c_step = rows};
  }
  if (is_rows(at->in)) {
    return (struct matrix_product){
        .m = rows, .n = n, .k = k, .a_step = k, .b_step = n, .c_step = n};
  }
  return (struct matrix_product){.m = last(a, 1),
                                 .n = n,
                                 .k = k,
                                 .a_step = row_step(&at->in[A], at->batch),
                                 .b_step = row_step(&at->in[B], at->batch),
                                 .c_step = row_step(&y, at->batch)};
}

/** Of the product itself and of the two that go back. */
static size_t work_bytes(const struct op_site *at)
{
  const struct matrix_product p = product_of(at);
  const size_t forward = matrix_work_bytes(p.n, p.k), to_a = matrix_work_bytes(p.k, p.n);
  const size_t to_b = matrix_work_bytes(p.n, p.m);
  const size_t most = forward > to_a ? forward : to_a;
  return most > to_b ? most : to_b;
}

/** Loops over samples and dimensions in front: arrays y, a, b. */
static struct nest fronts(const struct op_site *at)
{
  struct nest s = nest_of_front(at, (const int[]){A, B, -1}, at->ys.rank - 2);
  nest_settle(&s, 0);
  return s;
}

static void forward(const struct op_fwd *c)
{
  struct matrix_product p = product_of(c->at);
  const bool features = is_features(c->at->in);
  p.work = c->work;
  p.a = c->x[features ? B : A];
  p.b = c->x[features ? A : B];
  p.c = c->y;
  if (is_rows(c->at->in)) {
    matrix_product(&p);
    return;
  }
  const struct nest s = fronts(c->at);
  struct nest_walk w = nest_begin(&s, 0);
  do {
    struct matrix_product one = p;
    one.a += w.at[1];
    one.b += w.at[2];
    one.c += w.at[0];
    matrix_product(&one);
  } while (nest_next(&w));
}

/** dx[i] = 0 where it is to be set: what is broadcast is added up. */
static void begin(const struct op_bwd *c, int i)
{
  const struct operand *in = &c->at->in[i];
  if (c->dx[i] && op_sets(c, i))
    memset(c->dx[i], 0, (size_t)(shape_count(&in->shape) * c->at->batch) * sizeof(real));
}

/** da (+)= dy b^T of the product y = a b. */
static void to_left(const struct matrix_product *p, const real *dy, const real *b, bool add,
                    real *da)
{
  matrix_product(&(struct matrix_product){.m = p->m,
                                          .n = p->k,
                                          .k = p->n,
                                          .b_transposed = true,
                                          .add = add,
                                          .a = dy,
                                          .b = b,
                                          .c = da,
                                          .a_step = p->c_step,
                                          .b_step = p->b_step,
                                          .c_step = p->a_step,
                                          .work = p->work});
}

/** db (+)= a^T dy. */
static void to_right(const struct matrix_product *p, const real *a, const real *dy, bool add,
                     real *db)
{
  matrix_product(&(struct matrix_product){.m = p->k,
                                          .n = p->n,
                                          .k = p->m,
                                          .a_transposed = !p->a_transposed,
                                          .add = add,
                                          .a = a,
                                          .b = dy,
                                          .c = db,
                                          .a_step = p->a_step,
                                          .b_step = p->c_step,
                                          .c_step = p->b_step,
                                          .work = p->work});
}

static void backward_each(const struct op_bwd *c, const struct matrix_product *p)
{
  const struct nest s = fronts(c->at);
  struct nest_walk w = nest_begin(&s, 0);
  for (int i = 0; i < 2; i++) begin(c, i);
  do {
    const real *dy = c->dy + w.at[0];
    if (c->dx[A]) to_left(p, dy, c->x[B] + w.at[2], true, c->dx[A] + w.at[1]);
    if (c->dx[B]) to_right(p, c->x[A] + w.at[1], dy, true, c->dx[B] + w.at[2]);
  } while (nest_next(&w));
}

static void backward(const struct op_bwd *c)
{
  struct matrix_product p = product_of(c->at);
  p.work = c->work;
  if (!is_rows(c->at->in)) {
    backward_each(c, &p);
  } else if (c->dx[A] && is_features(c->at->in)) {
    to_right(&p, c->x[B], c->dy, !op_sets(c, A), c->dx[A]);
  } else if (c->dx[A]) {
    to_left(&p, c->dy, c->x[B], !op_sets(c, A), c->dx[A]);
  }
}

static const char *variant(const struct op_site *at)
{
  return is_features(at->in) ? "features" : is_rows(at->in) ? "rows" : "each";
}

static int64_t flops(const struct op_site *at)
{
  return 2 * shape_count(&at->ys) * last(&at->in[A].shape, 0);
}

static int weights(const struct op_site *at)
{
  return at->in[B].fixed ? B : at->in[A].fixed ? A : -1;
}

static int outputs(const struct op_site *at)
{
  return last(&at->ys, at->in[A].fixed);
}

static int output_of(const struct op_site *at, int64_t i)
{
  const int columns = last(&at->in[weights(at)].shape, 0),
            rows = last(&at->in[weights(at)].shape, 1);
  return (int)(at->in[A].fixed ? i / columns % rows : i % columns);
}

static real bias_of(const struct op_site *at, int output)
{
  (void)at, (void)output;
  return REAL(0.0);
}

static bool are_last(const struct op_site *at)
{
  return !is_features(at->in);
}

static const struct op_linear linear = {
    .weights = weights,
    .output_of = output_of,
    .outputs = outputs,
    .bias_of = bias_of,
    .last = are_last,
};

/** Towards the constant: of one matrix for all rows one product, else as backward does it. */
static void weigh_run(const struct weigh_call *c)
{
  struct matrix_product p = product_of(c->at);
  p.work = c->work;
  if (!is_rows(c->at->in)) {
    weigh_by_backward(c, backward);
  } else if (is_features(c->at->in)) { /* y = b^T a: db = a dy^T, both [., 1] */
    const int k = last(&c->at->in[A].shape, 0), n = last(&c->at->ys, 0);
    for (int i = 0; i < k; i++)
      for (int j = 0; j < n; j++) c->dw[B][(int64_t)i * n + j] += c->x[A][i] * c->dy[j];
  } else {
    to_right(&p, c->x[A], c->dy, true, c->dw[B]);
  }
}

static const struct weigh weigh = {
    .parameters = 1U << A | 1U << B, .work_bytes = work_bytes, .run = weigh_run};

const struct op op_matmul = {
    .name = "MatMul",
    .source = "ONNX operators, MatMul-13",
    .min_in = 2,
    .max_in = 2,
    .infer = infer,
    .work_bytes = work_bytes,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_X,
    .reads_at = op_product_reads,
    .can_set = true,
    .linear = &linear,
    .weigh = &weigh,
    .variant = variant,
    .flops = flops,
};
