#pragma once
/* Small ONNX models made in memory, to be spoiled by the tests of the reader. */
#include "io/onnx.h"
#include "onnx/onnx.pb-c.h"

#define TOY_TYPE(name)   ONNX__TENSOR_PROTO__DATA_TYPE__##name
#define TOY_LENGTH(list) (sizeof(list) / sizeof *(list))

enum { TOY_MAX = 64 };

struct onnx_toy {
  Onnx__ModelProto proto;
  Onnx__GraphProto graph;
  Onnx__OperatorSetIdProto opset;
  Onnx__TensorProto *tensor[TOY_MAX];
  Onnx__NodeProto *node[TOY_MAX];
  Onnx__ValueInfoProto *input[TOY_MAX], *output[TOY_MAX];
  void *pool[4096];
  int n_pool;
};

/** The toy: input [N, 3, 8, 8] -> Conv "conv" -> c -> Relu -> r -> GlobalAveragePool -> g -> Flatten -> f
 *  -> Gemm "gemm" -> logits [N, 5].  Weights w [4, 3, 3, 3], w2 [5, 4] and b2 [5] count 0, 1, 2, ... */
struct onnx_toy *onnx_toy_make(void);

/** Opset, input [N, 3, 8, 8] and output "logits", nothing between. */
struct onnx_toy *onnx_toy_make_bare(void);
/** The toy with a Reshape in the place of Flatten, to a shape "s" that is still to be added. */
struct onnx_toy *onnx_toy_make_reshape(void);
void onnx_toy_free(struct onnx_toy *t);

/** Zeroed memory that lives as long as the toy. */
void *onnx_toy_keep(struct onnx_toy *t, size_t bytes);
char *onnx_toy_text(struct onnx_toy *t, const char *text);

/** A tensor without data that is in no list. */
Onnx__TensorProto *onnx_toy_tensor(struct onnx_toy *t, const char *name, int type, int rank,
                                   const int64_t *dims);
/** Make data [bytes] the tensor's raw data; returns the tensor. */
Onnx__TensorProto *onnx_toy_raw(struct onnx_toy *t, Onnx__TensorProto *x, const void *data,
                                size_t bytes);
/** Add an initialiser; returns it. */
Onnx__TensorProto *onnx_toy_add(struct onnx_toy *t, Onnx__TensorProto *x);
/** Initialisers: floats 0, 1, 2, ...; and a list of integers. */
Onnx__TensorProto *onnx_toy_count(struct onnx_toy *t, const char *name, int rank,
                                  const int64_t *dims);
Onnx__TensorProto *onnx_toy_ints(struct onnx_toy *t, const char *name, int n, const int64_t *list);

/** Move a tensor's data to a file beside the model: location, offset, length ("": not said). */
void onnx_toy_external(struct onnx_toy *t, Onnx__TensorProto *x, const char *location,
                       const char *offset, const char *length);

/** A node; names in `in` and `out` are separated by blanks, "-" is an absent one. */
Onnx__NodeProto *onnx_toy_node(struct onnx_toy *t, const char *op, const char *name, const char *in,
                               const char *out);
Onnx__AttributeProto *onnx_toy_attr(struct onnx_toy *t, Onnx__NodeProto *n, const char *name,
                                    int type);
void onnx_toy_attr_int(struct onnx_toy *t, Onnx__NodeProto *n, const char *name, int64_t i);
void onnx_toy_attr_ints(struct onnx_toy *t, Onnx__NodeProto *n, const char *name, int count,
                        const int64_t *list);
/** An input; extents below 0 are dynamic. */
Onnx__ValueInfoProto *onnx_toy_input(struct onnx_toy *t, const char *name, int rank,
                                     const int64_t *dims);
void onnx_toy_output(struct onnx_toy *t, const char *name);

Onnx__TensorProto *onnx_toy_find_tensor(struct onnx_toy *t, const char *name);
Onnx__NodeProto *onnx_toy_find_node(struct onnx_toy *t, const char *name);

/** Let a node read another value. */
void onnx_toy_rewire(struct onnx_toy *t, const char *node, int input, const char *value);

/** Bytes of the model; the caller frees. */
uint8_t *onnx_toy_pack(const struct onnx_toy *t, size_t *n);

/** A folder of its own for this process, made on first use, and a path in it. */
const char *onnx_toy_path(const char *name);
void onnx_toy_write_file(const char *name, const void *bytes, size_t n);
/** Remove everything that the two above made: the teardown of every group of tests. */
int onnx_toy_cleanup(void **state);

/** Write the toy to a file and read it; frees the toy. */
err onnx_toy_read(struct onnx_toy *t, const struct onnx_options *o, struct graph **g);
/** The same, which must fail with that code and a message that holds `text` and the path. */
void onnx_toy_refused(struct onnx_toy *t, const struct onnx_options *o, err code, const char *text);
/** The same, which must succeed; returns the graph, which the caller frees. */
struct graph *onnx_toy_accepted(struct onnx_toy *t, const struct onnx_options *o);

/** One way to spoil the toy, and how it must be refused. */
struct onnx_toy_spoil {
  void (*spoil)(struct onnx_toy *t);
  err code;
  const char *text;
};
void onnx_toy_refused_all(const struct onnx_toy_spoil *list, size_t n);

/** The value of that name, which must be there; with exactly these floats. */
const struct value *onnx_toy_value(const struct graph *g, const char *name);
void onnx_toy_assert_floats(const struct graph *g, const char *name, int n, const float *want);
