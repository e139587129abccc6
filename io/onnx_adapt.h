#pragma once
/* One node on its way into the graph, and what the ways share.  Private to the ONNX reader. */
#include "io/onnx_impl.h"

enum { ADAPT_MAX_RANK = SHAPE_MAX_RANK, ADAPT_MAX_ATTRS = 68 };

/* Dimension of the graph's [1, C, H, W] that dimension i of the file's [1, H, W, C] is. */
extern const int onnx_stored[4];

struct adapt {
  struct onnx_model *m;
  const struct onnx_node *node;
  const struct attr_list *attrs;
  int *in;                 /* [n_in] graph ids of the inputs, filled by the way */
  struct attr_list edited; /* attributes that differ from the file's; starts as a copy */
  struct attr item[ADAPT_MAX_ATTRS];
  int64_t list[2 * ADAPT_MAX_RANK]; /* of an edited attribute */
};

/* A way for each function of the list: adds nodes and sets the views of the node's outputs. */
#define ADAPT(op, function) MUST_CHECK err onnx_adapt_##function(struct adapt *a);
#include "io/onnx_adapt_list.h"
#undef ADAPT

/** The node as it is, with its inputs as they are in the file. */
MUST_CHECK err onnx_adapt_plain(struct adapt *a);

/** Whether input i is there, and whether it depends on the image. */
bool onnx_adapt_given(const struct adapt *a, int i);
bool onnx_adapt_moves(const struct adapt *a, int i);

/** Whether every input that depends on the image is there with its channels in front. */
bool onnx_adapt_is_nhwc(const struct adapt *a);

/** The constant that input i is, or NULL; of integers, or ERR_UNSUPPORTED. */
MUST_CHECK err onnx_adapt_ints(const struct adapt *a, int i, const struct onnx_constant **out);

/** Set an attribute in place of the file's: a number, or a list of at most 2 ADAPT_MAX_RANK. */
void onnx_adapt_set_int(struct adapt *a, const char *name, int64_t i);
void onnx_adapt_set_ints(struct adapt *a, const char *name, int n, const int64_t *list);

/** Fetch every input in that view. */
MUST_CHECK err onnx_adapt_fetch(struct adapt *a, enum onnx_view view);

/** Add the node itself with the first n_in inputs of a->in and the edited attributes; its output
 *  `slot` is there in that view. */
MUST_CHECK err onnx_adapt_emit(struct adapt *a, int n_in, int slot, enum onnx_view view);

/** A list as attribute `name` or as constant input `index`; *list = NULL where none is given. */
MUST_CHECK err onnx_adapt_list(const struct adapt *a, const char *name, int index, int *n,
                               const int64_t **list);

/** Put a list where the file has it: the attribute, or a new constant as input `index`. */
MUST_CHECK err onnx_adapt_put(struct adapt *a, const char *name, int index, int n,
                              const int64_t *list);
