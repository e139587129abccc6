#pragma once
/* What the parts of the ONNX reader share: the parsed file, its values and nodes by index, and the
 * graph that grows from them.  Nothing in the file is trusted. */
#include "core/graph.h"
#include "io/limit.h"
#include "io/onnx.h"
#include "onnx/onnx.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

/** A constant tensor, row-major; either floats or ints are there. */
struct onnx_constant {
  struct shape shape;
  float *floats;    /* [shape_count] */
  int64_t *ints;    /* [shape_count] */
  bool graph_frees; /* floats were handed to the graph and are still readable */
  bool mapped;      /* floats lie in a mapped file */
};

enum onnx_origin { ONNX_INITIALIZER, ONNX_INPUT, ONNX_NODE };

/* How a graph value stands for a value of the file. */
enum onnx_view {
  ONNX_PLAIN, /* as it is */
  ONNX_NHWC,  /* [1, H, W, C] in the file, [1, C, H, W] in the graph */
  ONNX_VIEWS
};

/** A value: what a name in the file stands for. */
struct onnx_value {
  const char *name;
  enum onnx_origin origin;
  int index;                      /* of the initialiser, input or node */
  int slot;                       /* which output of the node */
  int alias;                      /* value that this one stands for; -1: none */
  int id[ONNX_VIEWS];             /* in the graph, by view; -1: not there yet */
  bool named;                     /* a graph value has the name */
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
  char *name; /* as the model has it first; owned */
  uint64_t device, inode;
  bool checked;   /* its checksum was compared */
  uint8_t *bytes; /* mapped, if it is; goes to the graph */
  int64_t size;
};

struct onnx_model {
  const char *path;
  const struct onnx_options *options;
  Onnx__ModelProto *proto;
  Onnx__GraphProto *graph;
  int opset;
  int64_t budget; /* bytes that constants may still take */
  int64_t work;   /* steps that computing constants took */
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
  struct onnx_notes notes;
  int own_height, own_width; /* of the input as the file has it; 0: open */
  bool channels_last;        /* so the input stands in the file */
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

/** Let the logits be what goes into a final Softmax or LogSoftmax over the classes, unless the output
 *  was asked for by name. */
MUST_CHECK err onnx_output_logits(struct onnx_model *m);

/** Mark the nodes that lead to the output and order them, keeping the file's order where it is one.
 *  Errors: ERR_FORMAT for cycles, ERR_UNSUPPORTED where a node's second output is read. */
MUST_CHECK err onnx_order_make(struct onnx_model *m);

/** Find the image among the inputs and add it to the graph. */
MUST_CHECK err onnx_input_add(struct onnx_model *m);

/** What to do about an operator that is not supported, to end a message with; "" for most. */
const char *onnx_advice(const Onnx__NodeProto *p);

/** ERR_UNSUPPORTED when a wanted node's operator is unknown; the message names them all. */
MUST_CHECK err onnx_operators_check(const struct onnx_model *m);

/** Fold one node, or add it to the graph. */
MUST_CHECK err onnx_node_add(struct onnx_model *m, struct onnx_node *n);

/** The value that a value stands for, itself unless it is an alias. */
struct onnx_value *onnx_value_of(const struct onnx_model *m, int value);

/** Give a constant a place in the graph, once.  *id: its graph id. */
MUST_CHECK err onnx_constant_add(struct onnx_model *m, int value, int *id);

/** The constant that a value holds, read when first asked for; *out = NULL for an activation. */
MUST_CHECK err onnx_value_constant(struct onnx_model *m, int value,
                                   const struct onnx_constant **out);

/** Shape of a value as the model sees it when it is given one image. */
MUST_CHECK err onnx_value_shape(struct onnx_model *m, int value, struct shape *out);

/** True for a value that does not depend on the image, as far as is known before its node is. */
bool onnx_value_is_constant(const struct onnx_model *m, int value);

/** Whether an activation is there in that view. */
bool onnx_view_has(const struct onnx_model *m, int value, enum onnx_view view);

/** Graph id of a value in a view; constants are added when first read, and activations that are there
 *  in the other view are moved by a node of their own.
 *  Errors: ERR_UNSUPPORTED for ONNX_NHWC where it is not there. */
MUST_CHECK err onnx_view_id(struct onnx_model *m, int value, enum onnx_view view, int *id);

/** A node for the graph: operator, its inputs in the graph, its name and the name of what it makes.
 *  Errors: ERR_UNSUPPORTED when the engine lacks the operator. */
struct onnx_emit {
  const char *op, *name, *out_name;
  const struct attr_list *attrs; /* NULL: none */
  int n_in;
  const int *in; /* [n_in] graph ids, -1 where absent */
};
MUST_CHECK err onnx_emit(struct onnx_model *m, const struct onnx_emit *e, int *id);

/** A list of integers that belongs to the node which makes `name`. */
MUST_CHECK err onnx_emit_ints(struct onnx_model *m, const char *name, const char *what, int n,
                              const int64_t *list, int *id);

/** A name for a graph value that has none in the file: base:what, longer where that is taken.
 *  text [ONNX_NAME_ROOM] overwritten; returns text. */
enum { ONNX_NAME_ROOM = 640 };
const char *onnx_name_new(const struct onnx_model *m, const char *base, const char *what,
                          char *text);

/** Hand a node to the graph, moved to the view that its inputs are in. */
MUST_CHECK err onnx_adapt(struct onnx_model *m, const struct onnx_node *n,
                          const struct attr_list *attrs);

/** Where a node is the last of a pattern, put the one operator in the place of all; *done says so. */
MUST_CHECK err onnx_pattern(struct onnx_model *m, const struct onnx_node *n, bool *done);

/** True when several outputs of that operator may be read. */
bool onnx_adapt_splits(const char *operator_type);

struct onnx_attrs; /* attributes of one node, converted */
MUST_CHECK err onnx_attrs_make(const Onnx__NodeProto *p, struct onnx_attrs **out);
const struct attr_list *onnx_attrs_list(const struct onnx_attrs *a);
void onnx_attrs_free(struct onnx_attrs **a);

/** Try to replace a node by a constant or by one of its inputs; *done says whether it was. */
MUST_CHECK err onnx_fold(struct onnx_model *m, struct onnx_node *n, const struct attr_list *attrs,
                         bool *done);

/** True when there is a folder for that operator. */
bool onnx_fold_knows(const char *operator_type);

/** A file of so many bytes raises what constants may occupy. */
void onnx_budget_raise(struct onnx_model *m, int64_t file_bytes);

/** Take `bytes` from what constants may occupy.  Errors: ERR_FORMAT when a model asks for far
 *  more than its files hold. */
MUST_CHECK err onnx_budget_take(struct onnx_model *m, int64_t bytes);

/** ERR_FORMAT where `bytes` for a moment are more than constants may still occupy. */
MUST_CHECK err onnx_budget_check(const struct onnx_model *m, int64_t bytes);

/** Count steps of computing constants: elements that are read, or products that are summed.
 *  Errors: ERR_UNSUPPORTED for more than the limit. */
MUST_CHECK err onnx_work_take(struct onnx_model *m, double steps);

/** A new constant with room for its elements; the caller frees.  Counts against the budget. */
MUST_CHECK err onnx_constant_make(struct onnx_model *m, const struct shape *shape, bool floats,
                                  struct onnx_constant **out);
/** Give a constant of known shape room for its elements.  Counts against the budget. */
MUST_CHECK err onnx_constant_fill(struct onnx_model *m, bool floats, struct onnx_constant *c);
void onnx_constant_free(struct onnx_constant **c);

/** Shape from extents as in the file; 0 is allowed, as folding meets empty lists.  dims [n] read only.
 *  Errors: ERR_SHAPE unless no extent is negative and the product fits. */
MUST_CHECK err onnx_shape_check(const int64_t *dims, size_t n, const char *name, struct shape *out);

/** Read a tensor; float32 data move out of the parsed file instead of being copied.
 *  name: for messages.  *out is new, the caller frees. */
MUST_CHECK err onnx_tensor_read(struct onnx_model *m, Onnx__TensorProto *t, const char *name,
                                struct onnx_constant **out);

/** `bytes` bytes of a tensor's external data, from a file beside the model: where they lie in the
 *  mapped file when `map` and they are aligned for floats (*mapped), else new and the caller frees. */
MUST_CHECK err onnx_external_read(struct onnx_model *m, const Onnx__TensorProto *t,
                                  const char *name, int64_t bytes, bool map, bool *mapped,
                                  uint8_t **out);

/** Note the names of the files. */
MUST_CHECK err onnx_external_note(struct onnx_model *m);

/** Hand the mapped files over to the graph. */
MUST_CHECK err onnx_external_keep(struct onnx_model *m);

/** Open a regular file for reading.  *size in bytes.  Errors: ERR_INPUT. */
MUST_CHECK err onnx_file_open(const char *path, int *fd, int64_t *size, struct onnx_file *file);
