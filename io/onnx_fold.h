#pragma once
/* One folding at work, and the folders that move elements about.  Private to the ONNX reader. */
#include "io/onnx_impl.h"

struct fold {
  struct onnx_model *m;
  const struct onnx_node *node;
  const struct attr_list *attrs;
  int n_in;
  const struct onnx_constant *const *in; /* [n_in] NULL where absent or an activation */
  const struct shape *activation;        /* of input 0 when it depends on the image, one sample */
  struct onnx_constant *out;             /* the result, if it is a new constant */
  bool same;                             /* the result is input 0 itself */
};

/** An index of an axis with `rank` places, counted from the end when negative, into [lo, hi]. */
int64_t onnx_fold_clamp(int64_t index, int64_t rank, int64_t lo, int64_t hi);

/* Each gives f->out or f->same.  Sources: the ONNX operators of these names, at every opset. */
MUST_CHECK err onnx_fold_gather(struct fold *f);
MUST_CHECK err onnx_fold_slice(struct fold *f);
MUST_CHECK err onnx_fold_concat(struct fold *f);
MUST_CHECK err onnx_fold_unsqueeze(struct fold *f);
MUST_CHECK err onnx_fold_squeeze(struct fold *f);
MUST_CHECK err onnx_fold_reshape(struct fold *f);
MUST_CHECK err onnx_fold_transpose(struct fold *f);
