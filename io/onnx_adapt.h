#pragma once
/* One node on its way into the graph, and what the ways share.  Private to the ONNX reader. */
#include "io/onnx_impl.h"

enum { ADAPT_MAX_RANK = SHAPE_MAX_RANK, ADAPT_MAX_ATTRS = 66 };

struct adapt {
  struct onnx_model *m;
  const struct onnx_node *node;
  const struct attr_list *attrs;
  int *in;                 /* [n_in] graph ids of the inputs, filled by the way */
  struct attr_list edited; /* attributes that differ from the file's; starts as a copy */
  struct attr item[ADAPT_MAX_ATTRS];
  int64_t list[ADAPT_MAX_RANK]; /* of an edited attribute */
};

/* A way for each function of the list: adds nodes and sets the views of the node's outputs. */
#define ADAPT(op, function) MUST_CHECK err onnx_adapt_##function(struct adapt *a);
#include "io/onnx_adapt_list.h"
#undef ADAPT

/** The inputs as they are in the file. */
MUST_CHECK err onnx_adapt_plain(struct adapt *a);

/** Whether input i is there, and whether it depends on the image. */
bool onnx_adapt_given(const struct adapt *a, int i);
bool onnx_adapt_moves(const struct adapt *a, int i);

/** The constant that input i is, or NULL; of integers, or ERR_UNSUPPORTED. */
MUST_CHECK err onnx_adapt_ints(const struct adapt *a, int i, const struct onnx_constant **out);

/** Set an attribute in place of the file's: a number, or a list of at most ADAPT_MAX_RANK. */
void onnx_adapt_set_int(struct adapt *a, const char *name, int64_t i);
void onnx_adapt_set_ints(struct adapt *a, const char *name, int n, const int64_t *list);

/** The view that suits every activation among the inputs when the output has the shape ys.
 *  nhwc: allowed where the channels of all of them are last. */
MUST_CHECK err onnx_adapt_view(struct adapt *a, const struct shape *ys, bool nhwc,
                               enum onnx_view *view);

/** Fetch every input in that view; lifted ones with extents of 1 up to `rank`. */
MUST_CHECK err onnx_adapt_fetch(struct adapt *a, enum onnx_view view, int rank);

/** Add the node itself with the inputs in a->in and the edited attributes; its output is there in
 *  that view. */
MUST_CHECK err onnx_adapt_emit(struct adapt *a, enum onnx_view view);

/** The same elements as input 0 under the shape `to` of the file. */
MUST_CHECK err onnx_adapt_relabel(struct adapt *a, const struct shape *to);

/** A list of axes as attribute `name` or as input `index`: *n = 0 where none is given.
 *  axes [ADAPT_MAX_RANK] overwritten, counted from the front for a tensor of that rank. */
MUST_CHECK err onnx_adapt_axes(struct adapt *a, const char *name, int index, int rank, int *n,
                               int64_t *axes);

/** Put a list where the file has it: the attribute, or a new constant as input `index`. */
MUST_CHECK err onnx_adapt_put(struct adapt *a, const char *name, int index, int n,
                              const int64_t *list);

/** Whether moving axes by perm leaves the elements where they are: only extents of 1 pass others. */
bool onnx_adapt_keeps_order(const struct shape *x, const int *perm);
