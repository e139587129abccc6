#pragma once
/* What the parts of the ONNX reader share: the parsed file, its values and nodes by index, and the
 * graph that grows from them.  Nothing in the file is trusted. */
#include "core/graph.h"
#include "io/onnx.h"
#include "onnx/onnx.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

/* Stands for the number of samples in integer constants that come from a Shape: it may be carried
 * to the leading extent of a Reshape, and nowhere else. */
#define ONNX_BATCH (INT64_MIN / 3)

/** A constant tensor, row-major; either floats or ints are there. */
struct onnx_constant {
  struct shape shape;
  float *floats;    /* [shape_count] */
  int64_t *ints;    /* [shape_count] */
  bool graph_frees; /* floats were handed to the graph and are still readable */
};

enum onnx_origin { ONNX_INITIALIZER, ONNX_INPUT, ONNX_NODE };

/** A value: what a name in the file stands for. */
struct onnx_value {
  const char *name;
  enum onnx_origin origin;
  int index;                      /* of the initialiser, input or node */
  int slot;                       /* which output of the node */
  int alias;                      /* value that this one stands for; -1: none */
  int id;                         /* in the graph; -1: not there yet */
  struct onnx_constant *constant; /* owned; NULL unless read or folded */
};

struct onnx_node {
  const Onnx__NodeProto *proto;
  int n_in, n_out;
  int *in;     /* [n_in] values, -1 where absent */
  int *out;    /* [n_out] values, -1 where unnamed */
  bool wanted; /* leads to the output */
};

/** A file of external data that was opened before. */
struct onnx_file {
  uint64_t device, inode;
};

struct onnx_model {
  const char *path;
  const struct onnx_options *options;
  Onnx__ModelProto *proto;
  Onnx__GraphProto *graph;
  int opset;
  int64_t budget; /* bytes that constants may still take */
  int n_files, max_files;
  struct onnx_file *files;
  int n_values;
  struct onnx_value *values; /* [n_values] sorted by name */
  int n_nodes;
  struct onnx_node *nodes; /* [n_nodes] as in the file */
  int *edges;              /* inputs and outputs of all nodes */
  int n_order;
  int *order; /* [n_order] wanted nodes, producers first */
  int output; /* value that holds the logits */
  struct graph_builder *builder;
};

/** Walk the wire format before protobuf-c does: bounds, nesting, repeated single messages and the
 *  number of fields, each of which could take the stack, the time or the memory.
 *  bytes [n] read only.  Errors: ERR_FORMAT. */
MUST_CHECK err onnx_wire_check(const uint8_t *bytes, int64_t n);

/** ERR_FORMAT unless `name` is UTF-8 without control characters and of sane length.
 *  what: "node name", ...; NULL and "" pass. */
MUST_CHECK err onnx_name_check(const char *name, const char *what);

/** Name of a node for messages: its own, its first output's, or its operator's. */
const char *onnx_node_name(const Onnx__NodeProto *p);

/** Collect initialisers, inputs and node outputs by name, and resolve what the nodes read.
 *  Errors: ERR_FORMAT for two definitions or none. */
MUST_CHECK err onnx_values_make(struct onnx_model *m);

/** Index of the value of that name, or -1. */
int onnx_values_find(const struct onnx_model *m, const char *name);

/** The output that is asked for: by name, or the model's only one. */
MUST_CHECK err onnx_output_find(struct onnx_model *m);

/** Mark the nodes that lead to the output and order them, keeping the file's order where it is one.
 *  Errors: ERR_FORMAT for cycles, ERR_UNSUPPORTED where a node's second output is read. */
MUST_CHECK err onnx_order_make(struct onnx_model *m);

/** Find the image among the inputs and add it to the graph. */
MUST_CHECK err onnx_input_add(struct onnx_model *m);

/** ERR_UNSUPPORTED when a wanted node's operator is unknown; the message names them all. */
MUST_CHECK err onnx_operators_check(const struct onnx_model *m);

/** Fold one node, or add it to the graph. */
MUST_CHECK err onnx_node_add(struct onnx_model *m, struct onnx_node *n);

/** Graph id of a value that was made before; constants are added when first read. */
MUST_CHECK err onnx_value_id(struct onnx_model *m, int value, int *id);

/** The constant that a value holds, read when first asked for; *out = NULL for an activation. */
MUST_CHECK err onnx_value_constant(struct onnx_model *m, int value,
                                   const struct onnx_constant **out);

/** True for a value that does not depend on the image, as far as is known before its node is. */
bool onnx_value_is_constant(const struct onnx_model *m, int value);

struct onnx_attrs; /* attributes of one node, converted */
MUST_CHECK err onnx_attrs_make(const Onnx__NodeProto *p, struct onnx_attrs **out);
const struct attr_list *onnx_attrs_list(const struct onnx_attrs *a);
void onnx_attrs_free(struct onnx_attrs **a);

/** Try to replace a node by a constant or by one of its inputs; *done says whether it was. */
MUST_CHECK err onnx_fold(struct onnx_model *m, struct onnx_node *n, const struct attr_list *attrs,
                         bool *done);

/** True when there is a folder for that operator. */
bool onnx_fold_knows(const char *operator_type);

/** Take `bytes` from what constants may occupy.  Errors: ERR_FORMAT when a model asks for far
 *  more than its files hold. */
MUST_CHECK err onnx_budget_take(struct onnx_model *m, int64_t bytes);

/** A new constant with room for its elements; the caller frees.  Counts against the budget. */
MUST_CHECK err onnx_constant_make(struct onnx_model *m, const struct shape *shape, bool floats,
                                  struct onnx_constant **out);
/** Give a constant of known shape room for its elements.  Counts against the budget. */
MUST_CHECK err onnx_constant_fill(struct onnx_model *m, bool floats, struct onnx_constant *c);
void onnx_constant_free(struct onnx_constant **c);

/** Shape from extents as in the file.  dims [n] read only.
 *  Errors: ERR_SHAPE unless every extent is positive and the product fits. */
MUST_CHECK err onnx_shape_check(const int64_t *dims, size_t n, const char *name, struct shape *out);

/** Read a tensor; float32 data move out of the parsed file instead of being copied.
 *  name: for messages.  *out is new, the caller frees. */
MUST_CHECK err onnx_tensor_read(struct onnx_model *m, Onnx__TensorProto *t, const char *name,
                                struct onnx_constant **out);

/** Read `bytes` bytes of a tensor's external data, from a file beside the model.
 *  *out [bytes] is new, the caller frees. */
MUST_CHECK err onnx_external_read(struct onnx_model *m, const Onnx__TensorProto *t,
                                  const char *name, int64_t bytes, uint8_t **out);

/** Open a regular file for reading.  *size in bytes.  Errors: ERR_INPUT. */
MUST_CHECK err onnx_file_open(const char *path, int *fd, int64_t *size, struct onnx_file *file);
