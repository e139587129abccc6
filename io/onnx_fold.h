#pragma once
/* One folding at work, and what the folders share.  Private to the ONNX reader. */
#include "io/onnx_impl.h"

struct fold {
  struct onnx_model *m;
  const struct onnx_node *node;
  const struct attr_list *attrs;
  int n_in;
  const struct onnx_constant *const *in; /* [n_in] NULL where absent or an activation */
  const struct shape *activation; /* of input 0 when it depends on the image, as in the file */
  struct onnx_constant *out;      /* the result, if it is a new constant */
  bool same;                      /* the result is input 0 itself */
};

/* A folder for each line of the list: gives f->out or f->same, or neither where the node stays.
 * Sources: the ONNX operators of these names, at every opset. */
#define FOLD(op, fewest, most, activations, function) \
  MUST_CHECK err onnx_fold_##function(struct fold *f);
#include "io/onnx_fold_list.h"
#undef FOLD

/** Run an operator of the engine on constants: for operators that are not in the list. */
MUST_CHECK err onnx_fold_operator(struct fold *f, const struct op *op);

/** An index of an axis with `rank` places, counted from the end when negative, into [lo, hi]. */
int64_t onnx_fold_clamp(int64_t index, int64_t rank, int64_t lo, int64_t hi);

/** One axis of a tensor of that rank, counted from the end when negative.  Errors: ERR_FORMAT. */
MUST_CHECK err onnx_fold_axis(int64_t axis, int rank, int *out);

/** Which of `rank` axes are in the list.  Errors: ERR_FORMAT, also for one that is there twice. */
MUST_CHECK err onnx_fold_mark(const int64_t *list, int n, int rank, bool marked[SHAPE_MAX_RANK]);

/** Extents of a Reshape of x to target[n], with 0 and -1 resolved into dims.  Errors: ERR_SHAPE. */
MUST_CHECK err onnx_fold_extents(const struct shape *x, const int64_t *target, int n,
                                 bool zero_is_zero, int64_t dims[SHAPE_MAX_RANK]);

/** A list of integers that older opsets give as an attribute and newer ones as input `index`;
 *  *list = NULL where neither is there. */
MUST_CHECK err onnx_fold_find(const struct fold *f, const char *name, int index,
                              const int64_t **list, int *n);

/** A new constant of that shape as the folding's result, of floats or integers. */
MUST_CHECK err onnx_fold_out(struct fold *f, const struct shape *shape, bool floats);

/** Shape as in the file to the shape of the result, checked. */
MUST_CHECK err onnx_fold_shape_check(const struct fold *f, const int64_t *dims, int rank,
                                     struct shape *out);

/** The shape to which two broadcast.  Errors: ERR_SHAPE, ERR_UNSUPPORTED. */
MUST_CHECK err onnx_fold_broadcast(const struct shape *a, const struct shape *b, struct shape *out);

/** Elements by which operand x moves along each axis of the output, 0 where it is repeated. */
void onnx_fold_steps(const struct shape *x, const struct shape *ys, int64_t step[SHAPE_MAX_RANK]);

/** Move index[] to the next element of a tensor of that shape; returns nothing, wraps at the end. */
void onnx_fold_next(const struct shape *s, int index[SHAPE_MAX_RANK]);

/** Bytes of one element, and where element i lies. */
size_t onnx_fold_width(const struct onnx_constant *c);
char *onnx_fold_at(const struct onnx_constant *c, int64_t i);

/** Sum of index[k] * step[k]. */
static inline int64_t onnx_fold_offset(int rank, const int *index, const int64_t *step)
{
  int64_t at = 0;
  for (int k = 0; k < rank; k++) at += index[k] * step[k];
  return at;
}
