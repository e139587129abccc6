/** @file
 *  Ways of operators that compute: element by element under broadcasting, and matrix products. */
#include "io/onnx_adapt.h"
#include "io/onnx_fold.h"

#include <stdlib.h>
#include <string.h>

/** The shape to which all inputs broadcast, as in the file. */
static err broadcast_all(struct adapt *a, struct shape *ys)
{
  ys->rank = 0;
  for (int i = 0; i < a->node->n_in; i++) {
    struct shape x;
    if (!onnx_adapt_given(a, i)) continue;
    TRY(onnx_value_shape(a->m, a->node->in[i], &x));
    TRY(onnx_fold_broadcast(ys, &x, ys));
  }
  return ERR_OK;
}

err onnx_adapt_elementwise(struct adapt *a)
{
  struct shape ys;
  enum onnx_view view = ONNX_PLAIN;
  TRY(broadcast_all(a, &ys));
  TRY(onnx_adapt_view(a, &ys, true, &view));
  TRY(onnx_adapt_fetch(a, view, ys.rank));
  return onnx_adapt_emit(a, view);
}

/** Shape of a product of stacks of matrices, as far as the view depends on it. */
static err product_shape(struct adapt *a, struct shape *ys)
{
  struct shape x[2];
  for (int k = 0; k < 2; k++) {
    CHECK(onnx_adapt_given(a, k), ERR_FORMAT, "input %d is missing", k);
    TRY(onnx_value_shape(a->m, a->node->in[k], &x[k]));
    CHECK(x[k].rank >= 2, ERR_UNSUPPORTED, "input %d is a vector", k);
  }
  const int rows = x[0].dim[x[0].rank - 2], columns = x[1].dim[x[1].rank - 1];
  for (int k = 0; k < 2; k++) x[k].dim[x[k].rank - 2] = x[k].dim[x[k].rank - 1] = 1;
  TRY(onnx_fold_broadcast(&x[0], &x[1], ys));
  ys->dim[ys->rank - 2] = rows;
  ys->dim[ys->rank - 1] = columns;
  return ERR_OK;
}

err onnx_adapt_matmul(struct adapt *a)
{
  struct shape ys;
  enum onnx_view view = ONNX_PLAIN;
  TRY(product_shape(a, &ys));
  TRY(onnx_adapt_view(a, &ys, false, &view));
  TRY(onnx_adapt_fetch(a, view, ys.rank));
  return onnx_adapt_emit(a, view);
}

/** A constant as y[k, n] = scale * x, transposed where asked for. */
static err scaled(struct adapt *a, int i, bool transpose, float scale, const char *what, int *id)
{
  char text[ONNX_NAME_ROOM];
  const struct onnx_constant *c = NULL;
  TRY(onnx_value_constant(a->m, a->node->in[i], &c));
  CHECK(c && c->floats, ERR_UNSUPPORTED, "input %d is not a constant of floats", i);
  CHECK(!transpose || c->shape.rank == 2, ERR_UNSUPPORTED, "input %d is not a matrix", i);
  struct shape y = c->shape;
  if (transpose) y = (struct shape){2, {c->shape.dim[1], c->shape.dim[0]}};
  const int64_t n = shape_count(&y), columns = transpose ? y.dim[1] : n;
  TRY(onnx_budget_take(a->m, n * (int64_t)sizeof *c->floats));
  float *data = malloc((size_t)n * sizeof *data);
  CHECK(data, ERR_MEMORY, "no memory for input %d", i);
  for (int64_t r = 0; r < n / columns; r++)
    for (int64_t k = 0; k < columns; k++)
      data[r * columns + k] = scale * c->floats[transpose ? k * (n / columns) + r : k];
  const char *name = onnx_name_new(a->m, a->m->values[a->node->out[0]].name, what, text);
  return graph_add_floats(a->m->builder, name, &y, data, id);
}

/** Rows that are not images: a product and a sum. */
static err gemm_as_product(struct adapt *a)
{
  char text[ONNX_NAME_ROOM];
  int64_t trans_a = 0, trans_b = 0;
  float alpha = 1.0F, beta = 1.0F;
  struct shape x;
  int in[2], product = -1;
  struct onnx_value *y = onnx_value_of(a->m, a->node->out[0]);
  TRY(attr_int(a->attrs, "transA", 0, &trans_a));
  TRY(attr_int(a->attrs, "transB", 0, &trans_b));
  TRY(attr_float(a->attrs, "alpha", 1.0F, &alpha));
  TRY(attr_float(a->attrs, "beta", 1.0F, &beta));
  CHECK(!trans_a, ERR_UNSUPPORTED, "its rows are not images, and transA is set");
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  TRY(onnx_view_lifted(a->m, a->node->in[0], x.rank, &in[0]));
  TRY(scaled(a, 1, trans_b != 0, alpha, "weights", &in[1]));
  const bool plus = onnx_adapt_given(a, 2);
  const char *name = plus ? onnx_name_new(a->m, y->name, "product", text) : y->name;
  TRY(onnx_emit(a->m, &(struct onnx_emit){.op = "MatMul", .out_name = name, .n_in = 2, .in = in},
                &product));
  y->id[ONNX_LIFTED] = product;
  y->named = true;
  if (!plus) return ERR_OK;
  in[0] = product;
  TRY(scaled(a, 2, false, beta, "bias", &in[1]));
  const struct onnx_emit sum = {
      .op = "Add", .name = a->node->proto->name, .out_name = y->name, .n_in = 2, .in = in};
  return onnx_emit(a->m, &sum, &y->id[ONNX_LIFTED]);
}

err onnx_adapt_gemm(struct adapt *a)
{
  struct shape x;
  TRY(onnx_value_shape(a->m, a->node->in[0], &x));
  if (x.rank == 2 && x.dim[0] != 1 && onnx_adapt_moves(a, 0)) return gemm_as_product(a);
  return onnx_adapt_plain(a);
}
