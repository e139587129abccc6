#pragma once
/* Reading ONNX models.  The one owner of the generated ONNX header. */
#include "core/err.h"
#include "core/graph.h"

/** What was done to a model that its numbers depend on. */
struct onnx_notes {
  char taken_off[128]; /* "Softmax 'prob'": what followed the logits in the file; "": nothing */
  char *weight_files; /* owned: the files of external data that were read, by name below the model's
                          folder, sorted, a line each; NULL: none */
};

void onnx_notes_free(struct onnx_notes *notes);

struct onnx_options {
  int height, width;  /* > 0: extents of the input, in place of the model's own */
  const char *output; /* name of the logits; NULL: the model's only output, before its softmax */
  double factor, offset; /* factor > 0: the input is factor x + offset of the model's own x, which the
                            graph begins by undoing: (input - offset) / factor */
  struct onnx_notes *notes; /* overwritten on success, then the caller frees; NULL: not wanted */
};

/** Read a model: check it, fold its constants, build the graph.
 *
 *  Errors, each naming the file and, where there is one, node, operator and opset:
 *  ERR_USAGE (the input's size is open; no such output), ERR_INPUT (missing,
 *  unreadable), ERR_FORMAT (truncated, not ONNX, hostile), ERR_UNSUPPORTED (operator or feature,
 *  with the list of what is supported), ERR_SHAPE, ERR_MEMORY.
 *  On failure nothing is left behind.  Not collective. */
MUST_CHECK err onnx_read(const char *path, const struct onnx_options *o, struct graph **out);
