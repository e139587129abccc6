#pragma once
/* The model: values (tensors) and nodes (operators) in flat arrays; edges are indices.
 * Built once by a reader, immutable afterwards. */
#include "core/attr.h"
#include "core/err.h"
#include "core/op.h"

#include <stdbool.h>
#include <stdint.h>

struct value {
  const char *name;  /* as in the file */
  struct operand is; /* shape; constants with their data */
  int producer;      /* node id; -1 for the input and for constants */
  int tap; /* index among the taps (input, then node outputs in order); -1 for constants */
};

struct node {
  const char *name; /* as in the file; the output's name where the file has none */
  const struct op *op;
  void *attr;
  struct attr_list given; /* what `attr` was read from */
  int n_in;
  const int *in; /* [n_in] value ids; -1 where absent */
  int out;       /* value id */
};

/** A name of the file without a value of its own: one operator stands for several nodes. */
struct inner {
  const char *name;
  int value; /* what that operator makes */
};

struct graph {
  int n_values, n_nodes, n_taps;
  const struct value *values; /* [n_values] */
  const struct node
      *nodes;        /* [n_nodes] in an order in which every input is there before it is read */
  const int *taps;   /* [n_taps] value ids: the input, then every node's output in order */
  int input, output; /* value ids; the output holds the logits [1, classes] */
  int classes;
  int opset;
  int64_t weight_bytes; /* of all float constants */
  int n_inner;
  const struct inner *inner; /* [n_inner] some may be values or taps all the same */
};

/* Building.  The builder copies names and integer constants; float data are handed over. */
struct graph_builder;

MUST_CHECK err graph_builder_make(int opset, struct graph_builder **out);
void graph_builder_free(struct graph_builder **b);

/** The image input; shape of one sample, dim[0] = 1.  Exactly one.  *id: its value. */
MUST_CHECK err graph_add_input(struct graph_builder *b, const char *name, const struct shape *shape,
                               int *id);

/** A float constant; `data` [shape_count] was malloc'ed and belongs to the builder from here on,
 *  also on failure. */
MUST_CHECK err graph_add_floats(struct graph_builder *b, const char *name,
                                const struct shape *shape, real *data, int *id);

/** A float constant in memory that is not the graph's own, such as a mapped file; the data stay where
 *  they are and must outlive the graph: see graph_keep_mapping. */
MUST_CHECK err graph_add_borrowed(struct graph_builder *b, const char *name,
                                  const struct shape *shape, const real *data, int *id);

/** Let the graph unmap `bytes` at `memory`, from mmap, when it is freed; at once on failure. */
MUST_CHECK err graph_keep_mapping(struct graph_builder *b, void *memory, size_t bytes);

/** An integer constant; data are copied. */
MUST_CHECK err graph_add_ints(struct graph_builder *b, const char *name, const struct shape *shape,
                              const int64_t *data, int *id);

struct graph_node_spec {
  const char *name; /* NULL or "": the output's name */
  const struct op *op;
  struct attr_list attrs;
  int n_in;
  const int *in; /* value ids, -1 where absent */
  const char *out_name;
};

/** A node: parses its attributes, checks operands, infers its output's shape.
 *  Errors name the node and the operator.  *id: the value it makes. */
MUST_CHECK err graph_add_node(struct graph_builder *b, const struct graph_node_spec *spec, int *id);

/** Note that a value or node called `name` may be asked for, and that `value` is what it is part of. */
MUST_CHECK err graph_note_inner(struct graph_builder *b, const char *name, int value);

/** Shape of a value that was added: of one sample, or of the constant.  Valid until the next value is
 *  added. */
const struct shape *graph_builder_shape(const struct graph_builder *b, int id);

/** Finish: `output` holds the logits, of shape [1, K] or [1, K, 1, 1].  Nodes that do not lead to
 *  it are dropped.  The builder is consumed on success (*b = NULL). */
MUST_CHECK err graph_finish(struct graph_builder **b, int output, struct graph **out);

void graph_free(struct graph **g);

/** The same network for images of another size: names and constants are those of g, which must outlive it,
 *  shapes and attributes its own; values and nodes have the same numbers.
 *
 *  Errors: ERR_UNSUPPORTED where a node does not allow that size, or there would be several logits of a class;
 *  the message names the size and the node.  ERR_MEMORY. */
MUST_CHECK err graph_resize(const struct graph *g, int height, int width, struct graph **out);

/** Whether two graphs are the same network with the same shapes and constants, as a model that is read for
 *  another size and graph_resize should agree; else why [bytes] says where they differ. */
bool graph_same(const struct graph *a, const struct graph *b, char *why, int bytes);

/** Bytes that graph_move_weights wants: every float constant, each at a multiple of ARENA_ALIGN. */
int64_t graph_weight_room(const struct graph *g);

/** Let the float constants live in `memory`, which must outlive the graph and is not freed by it;
 *  the graph's own copies are freed one by one.  Before any plan is made.
 *
 *  memory  [graph_weight_room] aligned to ARENA_ALIGN; overwritten where `copy`, else untouched:
 *          another process that read the same model fills it, before anybody reads them again */
void graph_move_weights(struct graph *g, void *memory, bool copy);

/** Let the float constants live side by side in memory of the graph's own, in huge pages where the
 *  system gives them: products read weights faster there.  Once, before any plan is made.
 *  Errors: ERR_MEMORY. */
MUST_CHECK err graph_gather_weights(struct graph *g);

/** Give the memory of a float constant that was moved or gathered back to the system: nobody reads it
 *  any more, and no further plan can be made.  shared: the memory is that of several processes. */
void graph_release_weights(struct graph *g, int value, bool shared);

/** Value id by name, or -1. */
int graph_find_value(const struct graph *g, const char *name);

/** Operator type that made a value: "Conv"; "Input" for the input. */
const char *graph_value_op(const struct graph *g, int value);
