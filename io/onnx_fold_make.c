/** @file
 *  Folders that make constants from shapes and attributes, and that repeat and reduce them. */
#include "io/onnx_fold.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

enum { MAX_RANK = SHAPE_MAX_RANK };

err onnx_fold_identity(struct fold *f)
{
  f->same = true;
  return ERR_OK;
}

/** Dropout at inference is nothing; on a constant it can be taken out. */
err onnx_fold_dropout(struct fold *f)
{
  const struct onnx_constant *training = f->n_in > 2 ? f->in[2] : NULL;
  const bool off =
      !training || (training->ints && shape_count(&training->shape) == 1 && !training->ints[0]);
  CHECK(off, ERR_UNSUPPORTED, "training_mode is on; export the model for inference");
  return onnx_fold_identity(f);
}

static const struct shape *shape_of_input(const struct fold *f)
{
  return f->in[0] ? &f->in[0]->shape : f->activation;
}

/** Shape of a tensor; of an activation as the model sees it when it is given one image. */
err onnx_fold_shape(struct fold *f)
{
  const struct shape *s = shape_of_input(f);
  int64_t start = 0, end = 0;
  TRY(attr_int(f->attrs, "start", 0, &start));
  TRY(attr_int(f->attrs, "end", s->rank, &end));
  const int64_t first = onnx_fold_clamp(start, s->rank, 0, s->rank);
  const int64_t last = onnx_fold_clamp(end, s->rank, 0, s->rank);
  const struct shape list = {.rank = 1, .dim = {(int)(last > first ? last - first : 0)}};
  TRY(onnx_fold_out(f, &list, false));
  for (int64_t i = first; i < last; i++) f->out->ints[i - first] = s->dim[i];
  return ERR_OK;
}

err onnx_fold_size(struct fold *f)
{
  TRY(onnx_fold_out(f, &(struct shape){.rank = 0}, false));
  f->out->ints[0] = shape_count(shape_of_input(f));
  return ERR_OK;
}

static bool is_float_type(int64_t type)
{
  return type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ||
         type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 ||
         type == ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16 ||
         type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
}

/** A float as an integer: towards zero. */
static err to_int(float x, int64_t *out)
{
  CHECK(x > -0x1p63F && x < 0x1p63F, ERR_FORMAT, "%g is no integer", (double)x);
  *out = (int64_t)x;
  return ERR_OK;
}

/** Every kind of float is float32 here, every kind of integer int64, and truth is 0 or 1. */
err onnx_fold_cast(struct fold *f)
{
  int64_t to = 0;
  TRY(attr_int(f->attrs, "to", 0, &to));
  const struct onnx_constant *x = f->in[0];
  const bool floats = is_float_type(to), truth = to == ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
  if (!x) {
    f->same = floats;
    return ERR_OK;
  }
  if (floats == (x->floats != NULL) && !truth) return onnx_fold_identity(f);
  const int64_t n = shape_count(&x->shape);
  TRY(onnx_fold_out(f, &x->shape, floats));
  for (int64_t i = 0; i < n; i++) {
    if (floats) {
      f->out->floats[i] = (float)x->ints[i];
    } else if (truth) {
      f->out->ints[i] = x->floats ? x->floats[i] != 0.0F : x->ints[i] != 0;
    } else {
      TRY(to_int(x->floats[i], &f->out->ints[i]));
    }
  }
  return ERR_OK;
}

/** Padding by nothing; any other is left to the engine. */
err onnx_fold_pad(struct fold *f)
{
  const struct attr *a = attr_find(f->attrs, "pads");
  const bool listed = a && a->kind == ATTR_INTS;
  const int64_t *pads = listed ? a->ints : f->n_in > 1 && f->in[1] ? f->in[1]->ints : NULL;
  if (!pads) return ERR_OK;
  const int64_t n = listed ? a->n : shape_count(&f->in[1]->shape);
  f->same = true;
  for (int64_t i = 0; i < n; i++) f->same = f->same && !pads[i];
  return ERR_OK;
}

static err constant_list(struct fold *f, const struct attr *a)
{
  const bool floats = a->kind == ATTR_FLOATS || a->kind == ATTR_FLOAT;
  const bool scalar = a->kind == ATTR_INT || a->kind == ATTR_FLOAT;
  const struct shape s = {.rank = scalar ? 0 : 1, .dim = {a->n}};
  TRY(onnx_fold_out(f, &s, floats));
  const int64_t n = shape_count(&s);
  for (int64_t i = 0; i < n && floats; i++) f->out->floats[i] = scalar ? a->f : a->floats[i];
  for (int64_t i = 0; i < n && !floats; i++) f->out->ints[i] = scalar ? a->i : a->ints[i];
  return ERR_OK;
}

err onnx_fold_constant(struct fold *f)
{
  static const struct {
    const char *name;
    enum attr_kind kind;
  } lists[] = {{"value_float", ATTR_FLOAT},
               {"value_floats", ATTR_FLOATS},
               {"value_int", ATTR_INT},
               {"value_ints", ATTR_INTS}};
  const Onnx__NodeProto *p = f->node->proto;
  for (size_t i = 0; i < p->n_attribute; i++) {
    if (!strcmp(p->attribute[i]->name, "value") && p->attribute[i]->t)
      return onnx_tensor_read(f->m, p->attribute[i]->t, onnx_node_name(p), &f->out);
  }
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    const struct attr *a = attr_find(f->attrs, lists[i].name);
    if (a && a->kind == lists[i].kind) return constant_list(f, a);
  }
  return FAIL(ERR_UNSUPPORTED, "its value is neither a dense tensor nor numbers");
}

/** The shape that a list of extents asks for. */
static err shape_from(const struct fold *f, const struct onnx_constant *list, struct shape *out)
{
  CHECK(list->ints && list->shape.rank <= 1, ERR_FORMAT, "its shape is not a list of integers");
  CHECK(shape_count(&list->shape) <= MAX_RANK, ERR_UNSUPPORTED, "more than %d dimensions",
        MAX_RANK);
  return onnx_fold_shape_check(f, list->ints, (int)shape_count(&list->shape), out);
}

/** Copy elements of x to all of the result, as `step` says. */
static void spread(const struct onnx_constant *x, const int64_t step[MAX_RANK],
                   struct onnx_constant *y)
{
  int index[MAX_RANK] = {0};
  const int64_t n = shape_count(&y->shape);
  for (int64_t i = 0; i < n; i++, onnx_fold_next(&y->shape, index)) {
    memcpy(onnx_fold_at(y, i), onnx_fold_at(x, onnx_fold_offset(y->shape.rank, index, step)),
           onnx_fold_width(x));
  }
}

static err constant_fill(struct fold *f, const struct shape *s, const struct onnx_constant *value)
{
  const int64_t nowhere[MAX_RANK] = {0};
  CHECK(shape_count(&value->shape) == 1, ERR_FORMAT, "its value is not one number");
  TRY(onnx_fold_out(f, s, value->floats != NULL));
  spread(value, nowhere, f->out);
  return ERR_OK;
}

/** Zeros, or the number in the attribute `value`. */
err onnx_fold_constant_of_shape(struct fold *f)
{
  struct shape s;
  const Onnx__NodeProto *p = f->node->proto;
  struct onnx_constant *value = NULL;
  TRY(shape_from(f, f->in[0], &s));
  for (size_t i = 0; i < p->n_attribute && !value; i++) {
    if (!strcmp(p->attribute[i]->name, "value") && p->attribute[i]->t)
      TRY(onnx_tensor_read(f->m, p->attribute[i]->t, onnx_node_name(p), &value));
  }
  if (!value) {
    TRY(onnx_fold_out(f, &s, true));
    memset(f->out->floats, 0, (size_t)shape_count(&s) * sizeof *f->out->floats);
    return ERR_OK;
  }
  const err e = constant_fill(f, &s, value);
  onnx_constant_free(&value);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}

/** start, start + delta, ... before limit. */
err onnx_fold_range(struct fold *f)
{
  double at[3];
  const bool floats = f->in[0]->floats;
  for (int i = 0; i < 3; i++) {
    const struct onnx_constant *x = f->in[i];
    CHECK(shape_count(&x->shape) == 1 && floats == (x->floats != NULL), ERR_FORMAT,
          "input %d is not one number of the first's kind", i);
    CHECK(floats || (x->ints[0] > -INT_MAX && x->ints[0] < INT_MAX), ERR_FORMAT,
          "input %d is %" PRId64, i, x->ints[0]);
    at[i] = floats ? (double)x->floats[0] : (double)x->ints[0];
  }
  const double n = ceil((at[1] - at[0]) / at[2]);
  CHECK(n < INT_MAX && n == n, ERR_FORMAT, "from %g to %g by %g", at[0], at[1], at[2]);
  const struct shape s = {.rank = 1, .dim = {n > 0 ? (int)n : 0}};
  TRY(onnx_fold_out(f, &s, floats));
  for (int i = 0; i < s.dim[0]; i++) {
    if (floats) {
      f->out->floats[i] = (float)(at[0] + i * at[2]);
    } else {
      f->out->ints[i] = (int64_t)(at[0] + i * at[2]);
    }
  }
  return ERR_OK;
}

/** Broadcast to a shape; where the shape has 1, the input's extent stays. */
err onnx_fold_expand(struct fold *f)
{
  struct shape s;
  int64_t step[MAX_RANK];
  const struct onnx_constant *x = f->in[0];
  TRY(shape_from(f, f->in[1], &s));
  TRY(onnx_fold_broadcast(&x->shape, &s, &s));
  TRY(onnx_fold_out(f, &s, x->floats != NULL));
  onnx_fold_steps(&x->shape, &s, step);
  spread(x, step, f->out);
  return ERR_OK;
}

/** y[i] = x[i modulo the extents of x] */
err onnx_fold_tile(struct fold *f)
{
  const struct onnx_constant *x = f->in[0], *repeats = f->in[1];
  const int rank = x->shape.rank;
  int64_t dims[MAX_RANK], step[MAX_RANK];
  int index[MAX_RANK] = {0};
  struct shape s;
  CHECK(repeats->ints && shape_count(&repeats->shape) == rank, ERR_FORMAT,
        "its repeats are not %d integers", rank);
  for (int k = 0; k < rank; k++) {
    CHECK(repeats->ints[k] >= 0 && repeats->ints[k] <= INT_MAX, ERR_SHAPE, "%" PRId64 " repeats",
          repeats->ints[k]);
    dims[k] = x->shape.dim[k] * repeats->ints[k];
  }
  TRY(onnx_fold_shape_check(f, dims, rank, &s));
  TRY(onnx_fold_out(f, &s, x->floats != NULL));
  int64_t next = 1;
  for (int k = rank - 1; k >= 0; k--) {
    step[k] = next;
    next *= x->shape.dim[k];
  }
  const int64_t n = shape_count(&s);
  for (int64_t i = 0; i < n; i++, onnx_fold_next(&s, index)) {
    int64_t at = 0;
    for (int k = 0; k < rank; k++) at += index[k] % x->shape.dim[k] * step[k];
    memcpy(onnx_fold_at(f->out, i), onnx_fold_at(x, at), onnx_fold_width(x));
  }
  return ERR_OK;
}

/** Element of `data` [offset] that one row of k indices names, times what follows. */
static err scatter_place(const struct shape *data, const int64_t *row, int k, int64_t *out)
{
  int64_t at = 0;
  for (int i = 0; i < data->rank; i++) {
    int index = 0;
    if (i < k) TRY(onnx_fold_axis(row[i], data->dim[i], &index));
    at = at * data->dim[i] + index;
  }
  *out = at;
  return ERR_OK;
}

/** y = data, with y[indices[j], ...] = updates[j, ...] */
err onnx_fold_scatter_nd(struct fold *f)
{
  const struct onnx_constant *x = f->in[0], *index = f->in[1], *u = f->in[2];
  const char *reduction = NULL;
  const int rows_rank = index->shape.rank - 1;
  TRY(attr_string(f->attrs, "reduction", "none", &reduction));
  CHECK(!strcmp(reduction, "none"), ERR_UNSUPPORTED, "reduction '%.20s'", reduction);
  CHECK(index->ints && rows_rank >= 0, ERR_FORMAT, "its indices are not integers");
  const int k = index->shape.dim[rows_rank];
  CHECK(k >= 1 && k <= x->shape.rank && (x->floats != NULL) == (u->floats != NULL), ERR_FORMAT,
        "its indices and updates do not fit its data");
  int64_t rows = 1, run = 1, place = 0;
  for (int i = 0; i < rows_rank; i++) rows *= index->shape.dim[i];
  for (int i = k; i < x->shape.rank; i++) run *= x->shape.dim[i];
  CHECK(rows * run == shape_count(&u->shape), ERR_SHAPE,
        "%" PRId64 " updates for %" PRId64 " places of %" PRId64, shape_count(&u->shape), rows,
        run);
  const size_t width = onnx_fold_width(x);
  TRY(onnx_fold_out(f, &x->shape, x->floats != NULL));
  memcpy(onnx_fold_at(f->out, 0), onnx_fold_at(x, 0), (size_t)shape_count(&x->shape) * width);
  for (int64_t j = 0; j < rows && run; j++) {
    TRY(scatter_place(&x->shape, index->ints + j * k, k, &place));
    memcpy(onnx_fold_at(f->out, place), onnx_fold_at(u, j * run), (size_t)run * width);
  }
  return ERR_OK;
}
