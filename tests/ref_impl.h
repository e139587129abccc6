#pragma once
/* What the files of the naive operators share. */
#include "ref_ops.h"

#include <stdlib.h>

/** Product of the extents of dimensions from .. to - 1. */
static inline int64_t ref_count(const struct ref_tensor *t, int from, int to)
{
  int64_t n = 1;
  for (int i = from; i < to; i++) n *= t->dim[i];
  return n;
}

static inline int64_t ref_int(const struct ref_call *c, const char *name, int64_t otherwise)
{
  const struct attr *a = attr_find(c->attrs, name);
  return a ? a->i : otherwise;
}

static inline int ref_ints(const struct ref_call *c, const char *name, int i, int otherwise)
{
  const struct attr *a = attr_find(c->attrs, name);
  return a ? (int)a->ints[i] : otherwise;
}

static inline bool ref_given(const struct ref_call *c, int i)
{
  return i < c->n_in && c->in[i].v;
}

/** Make the output; its shape is set. */
static inline void ref_make_y(struct ref_call *c)
{
  const size_t n = (size_t)ref_count(&c->y, 0, c->y.rank);
  c->y.v = calloc(n + 1, sizeof *c->y.v);
  c->scale = calloc(n + 1, sizeof *c->scale);
}

static inline double ref_float(const struct ref_call *c, const char *name, double otherwise)
{
  const struct attr *a = attr_find(c->attrs, name);
  return a ? (double)a->f : otherwise;
}

static inline void ref_like_input(struct ref_call *c)
{
  c->y = c->in[0];
  ref_make_y(c);
}

/** Index along every dimension of element n. */
static inline void ref_unravel(const struct ref_tensor *t, int64_t n, int64_t *index)
{
  for (int d = t->rank - 1; d >= 0; d--) {
    const int extent = t->dim[d] > 0 ? t->dim[d] : 1;
    index[d] = n % extent;
    n /= extent;
  }
}

static inline int64_t ref_ravel(const struct ref_tensor *t, const int64_t *index)
{
  int64_t n = 0;
  for (int d = 0; d < t->rank; d++) n = n * t->dim[d] + index[d];
  return n;
}

/** Offset in `t` of the element that the output's element `i` is broadcast from. */
static inline int64_t ref_broadcast_from(const struct ref_tensor *t, const struct ref_tensor *y,
                                         int64_t i)
{
  int64_t index[REF_RANK], mine[REF_RANK];
  ref_unravel(y, i, index);
  for (int d = 0; d < t->rank; d++) mine[d] = t->dim[d] == 1 ? 0 : index[d + y->rank - t->rank];
  return ref_ravel(t, mine);
}

/** c->y gets the broadcast shape of all inputs. */
static inline void ref_broadcast_shape(struct ref_call *c)
{
  c->y = (struct ref_tensor){.rank = 0};
  for (int k = 0; k < c->n_in; k++)
    if (c->in[k].rank > c->y.rank) c->y.rank = c->in[k].rank;
  for (int d = 0; d < c->y.rank; d++) c->y.dim[d] = 1;
  for (int k = 0; k < c->n_in; k++) {
    for (int d = 0; d < c->in[k].rank; d++) {
      int *to = &c->y.dim[d + c->y.rank - c->in[k].rank];
      if (c->in[k].dim[d] > *to) *to = c->in[k].dim[d];
    }
  }
}

/* Operator type, its function. */
#define REF_OPS(R)                       \
  R("AveragePool", ref_average)          \
  R("BatchNormalization", ref_norm)      \
  R("Conv", ref_conv)                    \
  R("ConvTranspose", ref_conv_transpose) \
  R("Gemm", ref_gemm)                    \
  R("GlobalAveragePool", ref_global)     \
  R("GlobalMaxPool", ref_global_max)     \
  R("LRN", ref_lrn)                      \
  R("MaxPool", ref_max)                  \
  R("Resize", ref_resize)                \
  R("Upsample", ref_upsample)

#define REF_UNARY(R)                 \
  R("Abs", ref_abs)                  \
  R("Asinh", ref_asinh)              \
  R("Atan", ref_atan)                \
  R("Cast", ref_identity)            \
  R("Celu", ref_celu)                \
  R("Clip", ref_clip)                \
  R("Cos", ref_cos)                  \
  R("Cosh", ref_cosh)                \
  R("Dropout", ref_identity)         \
  R("Elu", ref_elu)                  \
  R("Erf", ref_erf)                  \
  R("Exp", ref_exp)                  \
  R("Gelu", ref_gelu)                \
  R("HardSigmoid", ref_hard_sigmoid) \
  R("HardSwish", ref_hard_swish)     \
  R("Identity", ref_identity)        \
  R("LeakyRelu", ref_leaky)          \
  R("Log", ref_log)                  \
  R("Mish", ref_mish)                \
  R("Neg", ref_neg)                  \
  R("Reciprocal", ref_reciprocal)    \
  R("Relu", ref_relu)                \
  R("Selu", ref_selu)                \
  R("Shrink", ref_shrink)            \
  R("Sigmoid", ref_sigmoid)          \
  R("Sin", ref_sin)                  \
  R("Sinh", ref_sinh)                \
  R("Softplus", ref_softplus)        \
  R("Softsign", ref_softsign)        \
  R("Sqrt", ref_sqrt)                \
  R("Swish", ref_swish)              \
  R("Tan", ref_tan)                  \
  R("Tanh", ref_tanh)                \
  R("ThresholdedRelu", ref_thresholded)

#define REF_BINARY(R)     \
  R("Add", ref_add)       \
  R("Div", ref_div)       \
  R("Einsum", ref_einsum) \
  R("MatMul", ref_matmul) \
  R("Max", ref_largest)   \
  R("Mean", ref_mean)     \
  R("Min", ref_smallest)  \
  R("Mul", ref_mul)       \
  R("PRelu", ref_prelu)   \
  R("Pow", ref_pow)       \
  R("Sub", ref_sub)       \
  R("Sum", ref_sum)       \
  R("Where", ref_where)

#define REF_MOVE(R)                     \
  R("Concat", ref_concat)               \
  R("DepthToSpace", ref_depth_to_space) \
  R("Expand", ref_expand)               \
  R("Flatten", ref_flatten)             \
  R("Gather", ref_gather)               \
  R("Pad", ref_pad)                     \
  R("Reshape", ref_reshape)             \
  R("Slice", ref_slice)                 \
  R("SpaceToDepth", ref_space_to_depth) \
  R("Split", ref_split)                 \
  R("Squeeze", ref_squeeze)             \
  R("Tile", ref_tile)                   \
  R("TopK", ref_top_k)                  \
  R("Transpose", ref_transpose)         \
  R("Unsqueeze", ref_unsqueeze)

#define REF_SUM(R)                              \
  R("CumSum", ref_cum_sum)                      \
  R("GroupNormalization", ref_group_norm)       \
  R("InstanceNormalization", ref_instance_norm) \
  R("LayerNormalization", ref_layer_norm)       \
  R("LogSoftmax", ref_log_softmax)              \
  R("ReduceL1", ref_reduce_l1)                  \
  R("ReduceL2", ref_reduce_l2)                  \
  R("ReduceLogSum", ref_reduce_log_sum)         \
  R("ReduceLogSumExp", ref_reduce_log_sum_exp)  \
  R("ReduceMax", ref_reduce_max)                \
  R("ReduceMean", ref_reduce_mean)              \
  R("ReduceMin", ref_reduce_min)                \
  R("ReduceProd", ref_reduce_prod)              \
  R("ReduceSum", ref_reduce_sum)                \
  R("ReduceSumSquare", ref_reduce_sum_square)   \
  R("Softmax", ref_softmax)

#define REF(name, run) void run(struct ref_call *c);
REF_OPS(REF) REF_UNARY(REF) REF_BINARY(REF) REF_MOVE(REF) REF_SUM(REF)
#undef REF
