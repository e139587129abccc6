#pragma once
/* Reading ONNX models.  The one owner of the generated ONNX header. */
#include "core/err.h"
#include "core/graph.h"

struct onnx_options {
  int height, width;  /* > 0: extents of a dynamic input (and checked against a fixed one) */
  const char *output; /* name of the logits, NULL: the model's only output */
};

/** Read a model: check it, fold its constants, build the graph.
 *
 *  Errors, each naming the file and, where there is one, node, operator and opset:
 *  ERR_USAGE (the input's size is open or another; no such output), ERR_INPUT (missing,
 *  unreadable), ERR_FORMAT (truncated, not ONNX, hostile), ERR_UNSUPPORTED (operator or feature,
 *  with the list of what is supported), ERR_SHAPE, ERR_MEMORY.
 *  On failure nothing is left behind.  Not collective. */
MUST_CHECK err onnx_read(const char *path, const struct onnx_options *o, struct graph **out);
