/** @file
 *  What the folders share: axes, lists, broadcasting, places of elements. */
#include "io/onnx_fold.h"

#include <inttypes.h>

enum { MAX_RANK = SHAPE_MAX_RANK };

int64_t onnx_fold_clamp(int64_t index, int64_t rank, int64_t lo, int64_t hi)
{
  const int64_t i = index < 0 ? index + rank : index;
  return i < lo ? lo : i > hi ? hi : i;
}

size_t onnx_fold_width(const struct onnx_constant *c)
{
  return c->floats ? sizeof *c->floats : sizeof *c->ints;
}

char *onnx_fold_at(const struct onnx_constant *c, int64_t i)
{
  return c->floats ? (char *)(c->floats + i) : (char *)(c->ints + i);
}

err onnx_fold_axis(int64_t axis, int rank, int *out)
{
  CHECK(axis >= -rank && axis < rank, ERR_FORMAT, "axis %" PRId64 " of a tensor of rank %d", axis,
        rank);
  *out = (int)(axis < 0 ? axis + rank : axis);
  return ERR_OK;
}

err onnx_fold_mark(const int64_t *list, int n, int rank, bool marked[MAX_RANK])
{
  for (int i = 0; i < n; i++) {
    int axis = 0;
    TRY(onnx_fold_axis(list[i], rank, &axis));
    CHECK(!marked[axis], ERR_FORMAT, "axis %d is given twice", axis);
    marked[axis] = true;
  }
  return ERR_OK;
}

err onnx_fold_find(const struct fold *f, const char *name, int index, const int64_t **list, int *n)
{
  const struct attr *a = attr_find(f->attrs, name);
  *list = NULL;
  *n = 0;
  if (a) {
    CHECK(a->kind == ATTR_INTS && a->n, ERR_FORMAT, "attribute '%s' is not a list of integers",
          name);
    *list = a->ints;
    *n = a->n;
  } else if (index < f->n_in && f->in[index]) {
    CHECK(f->in[index]->ints, ERR_FORMAT, "input '%s' is not a list of integers", name);
    *list = f->in[index]->ints;
    *n = (int)shape_count(&f->in[index]->shape);
  }
  return ERR_OK;
}

err onnx_fold_out(struct fold *f, const struct shape *shape, bool floats)
{
  return onnx_constant_make(f->m, shape, floats, &f->out);
}

err onnx_fold_shape_check(const struct fold *f, const int64_t *dims, int rank, struct shape *out)
{
  return onnx_shape_check(dims, (size_t)rank, f->m->values[f->node->out[0]].name, out);
}

/** Extent of x along axis i of a tensor of that rank to which it is broadcast. */
static int extent_at(const struct shape *x, int rank, int i)
{
  const int mine = i - (rank - x->rank);
  return mine < 0 ? 1 : x->dim[mine];
}

err onnx_fold_broadcast(const struct shape *a, const struct shape *b, struct shape *out)
{
  char a_text[96], b_text[96];
  int64_t dims[MAX_RANK];
  const int rank = a->rank > b->rank ? a->rank : b->rank;
  for (int i = 0; i < rank; i++) {
    const int x = extent_at(a, rank, i), y = extent_at(b, rank, i);
    CHECK(x == y || x == 1 || y == 1, ERR_SHAPE, "shapes %s and %s do not broadcast",
          shape_text(a, NULL, a_text, sizeof a_text), shape_text(b, NULL, b_text, sizeof b_text));
    dims[i] = x == 1 ? y : x;
  }
  return onnx_shape_check(dims, (size_t)rank, "broadcast", out);
}

void onnx_fold_steps(const struct shape *x, const struct shape *ys, int64_t step[MAX_RANK])
{
  int64_t next = 1;
  for (int i = ys->rank - 1; i >= 0; i--) {
    const int extent = extent_at(x, ys->rank, i);
    step[i] = extent == 1 ? 0 : next;
    next *= extent;
  }
}

void onnx_fold_next(const struct shape *s, int index[MAX_RANK])
{
  for (int k = s->rank - 1; k >= 0 && ++index[k] == s->dim[k]; k--) index[k] = 0;
}
