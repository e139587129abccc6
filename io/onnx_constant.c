/** @file
 *  Constants: their memory, its bound, and when they are read and enter the graph. */
#include "io/onnx_impl.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BUDGET (INT64_C(1) << 62)

err onnx_shape_check(const int64_t *dims, size_t n, const char *name, struct shape *out)
{
  CHECK(n <= SHAPE_MAX_RANK, ERR_UNSUPPORTED,
        "tensor '%.200s' has %zu dimensions; at most %d are supported", name, n, SHAPE_MAX_RANK);
  struct shape s = {.rank = (int)n};
  int64_t count = 1;
  for (size_t i = 0; i < n; i++) {
    CHECK(dims[i] >= 0, ERR_SHAPE, "tensor '%.200s' has extent %" PRId64 " in dimension %zu", name,
          dims[i], i);
    CHECK(dims[i] <= INT_MAX && count * dims[i] <= INT_MAX, ERR_SHAPE,
          "tensor '%.200s' has more than %d elements", name, INT_MAX);
    s.dim[i] = (int)dims[i];
    count *= dims[i];
  }
  *out = s;
  return ERR_OK;
}

void onnx_budget_raise(struct onnx_model *m, int64_t file_bytes)
{
  const int64_t growth = limit_of(LIMIT_ONNX_GROWTH);
  const int64_t more = file_bytes > MOST_BUDGET / growth ? MOST_BUDGET : file_bytes * growth;
  m->budget = m->budget > MOST_BUDGET - more ? MOST_BUDGET : m->budget + more;
}

err onnx_work_take(struct onnx_model *m, double steps)
{
  const int64_t most = limit_of(LIMIT_ONNX_WORK);
  CHECK(steps <= (double)(most - m->work), ERR_UNSUPPORTED,
        "computing the model's constants would take more than %" PRId64 " steps%s", most,
        limit_hint(LIMIT_ONNX_WORK));
  m->work += (int64_t)steps;
  return ERR_OK;
}

err onnx_budget_check(const struct onnx_model *m, int64_t bytes)
{
  CHECK(bytes <= m->budget, ERR_FORMAT,
        "its constants want far more memory than its files hold data: limits onnx-free=%" PRId64
        " and onnx-growth=%" PRId64 ", --reader-limits NAME=N sets others",
        limit_of(LIMIT_ONNX_FREE), limit_of(LIMIT_ONNX_GROWTH));
  return ERR_OK;
}

err onnx_budget_take(struct onnx_model *m, int64_t bytes)
{
  TRY(onnx_budget_check(m, bytes));
  m->budget -= bytes;
  return ERR_OK;
}

err onnx_constant_fill(struct onnx_model *m, bool floats, struct onnx_constant *c)
{
  const int64_t bytes = shape_count(&c->shape) * (floats ? (int64_t)sizeof *c->floats : 8);
  TRY(onnx_budget_take(m, bytes));
  void *data = malloc(bytes ? (size_t)bytes : 1); /* NULL would say that there are none */
  CHECK(data, ERR_MEMORY, "no memory for a constant of %" PRId64 " bytes", bytes);
  c->floats = floats ? data : NULL;
  c->ints = floats ? NULL : data;
  return ERR_OK;
}

err onnx_constant_make(struct onnx_model *m, const struct shape *shape, bool floats,
                       struct onnx_constant **out)
{
  struct onnx_constant *c = calloc(1, sizeof *c);
  CHECK(c, ERR_MEMORY, "no memory for a constant");
  c->shape = *shape;
  const err e = onnx_constant_fill(m, floats, c);
  if (e) {
    free(c);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = c;
  return ERR_OK;
}

void onnx_constant_free(struct onnx_constant **c)
{
  if (!*c) return;
  if (!(*c)->graph_frees && !(*c)->mapped) free((*c)->floats);
  free((*c)->ints);
  free(*c);
  *c = NULL;
}

struct onnx_value *onnx_value_of(const struct onnx_model *m, int value)
{
  struct onnx_value *v = &m->values[value];
  return v->alias >= 0 ? &m->values[v->alias] : v;
}

bool onnx_value_is_constant(const struct onnx_model *m, int value)
{
  const struct onnx_value *v = onnx_value_of(m, value);
  return v->origin == ONNX_INITIALIZER || v->constant;
}

err onnx_value_constant(struct onnx_model *m, int value, const struct onnx_constant **out)
{
  struct onnx_value *v = onnx_value_of(m, value);
  if (v->origin == ONNX_INITIALIZER && !v->constant)
    TRY(onnx_tensor_read(m, m->graph->initializer[v->index], v->name, &v->constant));
  *out = v->constant;
  return ERR_OK;
}

static err add(struct onnx_model *m, struct onnx_value *v, int *id)
{
  struct onnx_constant *c = v->constant;
  for (int k = 0; k < c->shape.rank; k++)
    CHECK(c->shape.dim[k], ERR_SHAPE, "tensor '%.200s' has extent 0 in dimension %d", v->name, k);
  v->named = true;
  if (!c->floats) return graph_add_ints(m->builder, v->name, &c->shape, c->ints, id);
  if (c->mapped) return graph_add_borrowed(m->builder, v->name, &c->shape, c->floats, id);
  c->graph_frees = true;
  return graph_add_floats(m->builder, v->name, &c->shape, c->floats, id);
}

err onnx_constant_add(struct onnx_model *m, int value, int *id)
{
  const struct onnx_constant *c = NULL;
  TRY(onnx_value_constant(m, value, &c));
  struct onnx_value *v = onnx_value_of(m, value);
  CHECK(c, ERR_FORMAT, "value '%.200s' is not there when it is read", v->name);
  if (v->id[ONNX_PLAIN] < 0) TRY(add(m, v, &v->id[ONNX_PLAIN]));
  *id = v->id[ONNX_PLAIN];
  return ERR_OK;
}
