/** @file
 *  The table of cases, and random windows. */
#include "op_cases.h"

#include <stdio.h>

const struct op_case op_cases[] = {
    {"Add", 7, "", "x3,4,5 x3,4,5"},
    {"Add", 14, "", "x3,4,5 x3,1,1"},
    {"Add", 14, "", "x1,4,5 x3,1,5"},
    {"Add", 14, "", "x1,1,1 x3,4,5"},
    {"Add", 14, "", "x2,3,300 x1,1,300"},
    {"Add", 13, "", "x3,4,5 c3,1,1"},
    {"Add", 13, "", "c1,3,1,1 x3,4,5"},
    {"Add", 13, "", "c5 x3,4,5"},
    {"Add", 13, "", "x3,4,5 s0.5"},
    {"Add", 13, "", "x1,4,1 c1,3,1,5"},
    {"Add", 13, "", "x7 x7"},
    {"Add", 13, "", "x7 c7"},
    {"Add", 13, "", "x7 c1"},
    {"Add", 13, "", "x2,3 c1,2,3"},
    {"Add", 13, "", "x2,2,3,2,2 x2,1,3,1,2"},
    {"Add", 13, "", "x1 x1"},
    {"Mul", 7, "", "x3,4,5 x3,4,5"},
    {"Mul", 14, "", "x3,4,5 x3,1,1"},
    {"Mul", 14, "", "x3,1,1 x3,4,5"},
    {"Mul", 14, "", "x1,4,5 x3,1,5"},
    {"Mul", 14, "", "x3,4,1 x1,1,5"},
    {"Mul", 14, "", "x3,4,5 x1,1,1"},
    {"Mul", 14, "", "x2,2,3,2,2 x2,1,3,1,2"},
    {"Mul", 13, "", "x3,4,5 c3,1,1"},
    {"Mul", 13, "", "c3,1,1 x3,4,5"},
    {"Mul", 13, "", "c4,5 x3,1,5"},
    {"Mul", 13, "", "s0.5 x3,4,5"},
    {"Mul", 13, "", "x9 c9"},
    {"Mul", 13, "", "x1 c1,9"},
    {"AveragePool", 7, "kernel_shape=[2,3]", "x3,5,6"},
    {"AveragePool", 11, "kernel_shape=[3,3] pads=[1,1,1,1] strides=[2,2]", "x2,7,6"},
    {"AveragePool", 11, "kernel_shape=[3,3] pads=[1,0,2,1] count_include_pad=1", "x2,7,6"},
    {"AveragePool", 19, "kernel_shape=[3,3] pads=[1,1,1,1] strides=[2,2] ceil_mode=1", "x2,6,7"},
    {"AveragePool", 19,
     "kernel_shape=[3,2] pads=[1,0,1,1] strides=[3,2] ceil_mode=1 count_include_pad=1", "x2,6,7"},
    {"AveragePool", 11, "kernel_shape=[3,3] auto_pad='SAME_LOWER' strides=[2,2]", "x2,6,7"},
    {"BatchNormalization", 7, "epsilon=0.01", "x3,4,5 c3 c3 c3 p3"},
    {"BatchNormalization", 15, "momentum=0.9 training_mode=0", "x5 c5 c5 c5 p5"},
    {"Clip", 6, "min=-0.0625 max=0.125", "x3,4,5"},
    {"Clip", 6, "max=0.125", "x3,4,5"},
    {"Clip", 11, "", "x3,4,5 s0 s0.25"},
    {"Clip", 13, "", "x3,4,5 - s0.0625"},
    {"Clip", 13, "", "x3,4,5 s0.0625"},
    {"Clip", 13, "", "x3,4,5 s0.25 s-0.25"},
    {"Concat", 7, "axis=1", "x3,4,5 x1,4,5 x2,4,5"},
    {"Concat", 13, "axis=-1", "x3,4,5 x3,4,2"},
    {"Concat", 13, "axis=2", "x3,4,5 x3,1,5"},
    {"Concat", 13, "axis=1", "x3 x4"},
    {"Concat", 13, "axis=1", "x3"},
    {"Conv", 7, "", "x3,5,6 c4,3,3,2 c4"},
    {"Conv", 11, "kernel_shape=[1,1]", "x5,4,3 c6,5,1,1 c6"},
    {"Conv", 11, "group=2", "x4,4,3 c6,2,1,1"},
    {"Conv", 11, "strides=[2,2]", "x5,5,7 c6,5,1,1 c6"},
    {"Conv", 11, "group=3 pads=[1,1,1,1]", "x3,6,7 c3,1,3,3 c3"},
    {"Conv", 11, "group=3 pads=[1,1,1,1] strides=[2,2]", "x3,6,7 c6,1,3,3 c6"},
    {"Conv", 11, "group=2 pads=[0,1,3,2] strides=[3,1] dilations=[2,1]", "x2,8,6 c4,1,2,4"},
    {"Conv", 11, "group=2 pads=[4,4,4,4] strides=[2,2]", "x2,3,3 c2,1,3,3 c2"},
    {"Conv", 11, "pads=[4,5,4,5] strides=[2,3]", "x2,3,3 c2,2,2,2 c2"},
    {"Conv", 11, "group=2 pads=[1,0,1,0]", "x4,5,6 c6,2,3,3 c6"},
    {"Conv", 11, "auto_pad='SAME_UPPER' strides=[2,2]", "x2,5,6 c3,2,3,4 c3"},
    {"Conv", 11, "auto_pad='SAME_LOWER' strides=[2,2]", "x2,6,5 c3,2,4,3 c3"},
    {"Conv", 11, "auto_pad='VALID' pads=[1,1,1,1]", "x2,6,5 c3,2,4,3 c3"},
    {"Conv", 11, "pads=[1,1,1,1]", "x300,2,3 c2,300,3,3 c2"},
    {"Conv", 11, "pads=[2,2,2,2]", "x12,40,40 c2,12,5,5"},
    {"Conv", 11, "pads=[1,1,1,1]", "x16,9,10 c17,16,3,3 c17"},
    {"Conv", 11, "pads=[0,2,1,1]", "x17,7,6 c16,17,3,3"},
    {"Dropout", 7, "ratio=0.5", "x3,4,5"},
    {"Dropout", 13, "seed=3", "x3,4,5 s0.5 j0"},
    {"Dropout", 12, "", "x3,4,5 - -"},
    {"Elu", 7, "", "x3,4,5"},
    {"Elu", 7, "alpha=0.7", "x31"},
    {"Flatten", 9, "", "x3,4,5"},
    {"Flatten", 13, "axis=-1", "x1,1,5"},
    {"Flatten", 13, "axis=2", "x1,4,5"},
    {"Flatten", 11, "axis=1", "x6"},
    {"Gemm", 7, "transB=1", "x6 c4,6 c4"},
    {"Gemm", 9, "alpha=0.5 beta=2.0", "x6 c6,4 c1,4"},
    {"Gemm", 13, "alpha=-1.5", "x6 c6,4"},
    {"Gemm", 11, "beta=0.25", "x6 c6,4 s3.0"},
    {"Gemm", 11, "transB=1", "x1 c4,1 c1,1"},
    {"GlobalAveragePool", 7, "", "x3,4,5"},
    {"GlobalAveragePool", 7, "", "x3,7"},
    {"Identity", 7, "", "x3,4,5"},
    {"LeakyRelu", 7, "", "x3,4,5"},
    {"LeakyRelu", 16, "alpha=-0.25", "x3,4,5"},
    {"MatMul", 13, "", "x6 c6,4"},
    {"MaxPool", 7, "kernel_shape=[2,2] strides=[2,2]", "x3,4,5"},
    {"MaxPool", 12, "kernel_shape=[3,3] pads=[1,1,1,1] strides=[2,2]", "x2,7,8"},
    {"MaxPool", 12, "kernel_shape=[3,3] strides=[2,2] ceil_mode=1", "x2,6,8"},
    {"MaxPool", 12, "kernel_shape=[2,3] dilations=[2,3] pads=[0,2,1,3]", "x2,6,8"},
    {"MaxPool", 12, "kernel_shape=[3,2] auto_pad='SAME_UPPER' strides=[2,3]", "x2,6,8"},
    {"MaxPool", 12, "kernel_shape=[2,2] auto_pad='VALID' strides=[2,2] ceil_mode=1", "x2,5,7"},
    {"Relu", 7, "", "x3,4,5"},
    {"Relu", 14, "", "x13"},
    {"Reshape", 7, "", "x4,6,5 i0,2,-1,5"},
    {"Reshape", 14, "allowzero=0", "x4,6,5 i-1,120"},
    {"Reshape", 13, "", "x60 i1,3,4,5"},
    {"Reshape", 13, "", "x4,6,5 i0,0,30"},
    {"Reshape", 13, "", "x4,6,5 i0,2,0,-1,5"},
    {"Softmax", 11, "", "x3,4"},
    {"Softmax", 11, "axis=2", "x3,4,5"},
    {"Softmax", 13, "", "x9"},
    {"Softmax", 13, "", "x3,4,5"},
    {"Softmax", 13, "axis=1", "x3,4,5"},
    {"Softmax", 13, "axis=-2", "x3,4,5"},
    {0},
};

const struct bad_case op_bad_cases[] = {
    {{"Add", 7, "", "x3,4,5 x3,4,6"}, ERR_SHAPE},
    {{"Add", 7, "", "x3,4,5 c2,3,4,5"}, ERR_UNSUPPORTED},
    {{"Add", 7, "", "x3,4,5 c1,1,3,4,5"}, ERR_UNSUPPORTED},
    {{"Add", 7, "", "x3,4,5 i1,2"}, ERR_FORMAT},
    {{"Mul", 7, "", "x3,4 x3,4,5"}, ERR_UNSUPPORTED},
    {{"Mul", 7, "", "x50000,1,1 x1,50000,1"}, ERR_SHAPE},
    {{"AveragePool", 7, "", "x3,5,6"}, ERR_FORMAT},
    {{"AveragePool", 7, "kernel_shape=[7,2]", "x3,5,6"}, ERR_SHAPE},
    {{"AveragePool", 7, "kernel_shape=[2,2] pads=[2,2,2,2]", "x3,5,6"}, ERR_SHAPE},
    {{"AveragePool", 19, "kernel_shape=[2,2] dilations=[2,2]", "x3,5,6"}, ERR_UNSUPPORTED},
    {{"AveragePool", 7, "kernel_shape=[2]", "x3,5"}, ERR_UNSUPPORTED},
    {{"BatchNormalization", 15, "training_mode=1", "x3,4,5 c3 c3 c3 p3"}, ERR_UNSUPPORTED},
    {{"BatchNormalization", 7, "spatial=0", "x3,4,5 c3 c3 c3 p3"}, ERR_UNSUPPORTED},
    {{"BatchNormalization", 9, "", "x3,4,5 c3 c3 c4 p3"}, ERR_SHAPE},
    {{"BatchNormalization", 9, "epsilon=-100.0", "x3,4,5 c3 c3 c3 p3"}, ERR_FORMAT},
    {{"BatchNormalization", 9, "epsilon='no'", "x3,4,5 c3 c3 c3 p3"}, ERR_FORMAT},
    {{"Clip", 6, "", "x3,4,5 s0 s1"}, ERR_FORMAT},
    {{"Clip", 11, "", "x3,4,5 c2"}, ERR_SHAPE},
    {{"Clip", 11, "", "x3,4,5 x1"}, ERR_UNSUPPORTED},
    {{"Clip", 6, "min=[1]", "x3,4,5"}, ERR_FORMAT},
    {{"Concat", 7, "", "x3,4,5 x3,4,5"}, ERR_FORMAT},
    {{"Concat", 7, "axis=0", "x3,4,5 x3,4,5"}, ERR_UNSUPPORTED},
    {{"Concat", 7, "axis=4", "x3,4,5 x3,4,5"}, ERR_FORMAT},
    {{"Concat", 7, "axis=-9223372036854775808", "x3,4,5 x3,4,5"}, ERR_FORMAT},
    {{"Concat", 7, "axis=1", "x3,4,5 x3,4,6"}, ERR_SHAPE},
    {{"Concat", 7, "axis=1", "x3,4,5 c3,4,5"}, ERR_UNSUPPORTED},
    {{"Conv", 7, "strides=[0,1]", "x3,5,6 c4,3,3,2"}, ERR_FORMAT},
    {{"Conv", 7, "strides=[-1,1]", "x3,5,6 c4,3,3,2"}, ERR_FORMAT},
    {{"Conv", 7, "dilations=[0,1]", "x3,5,6 c4,3,3,2"}, ERR_FORMAT},
    {{"Conv", 7, "dilations=[16777216,16777216]", "x3,5,6 c4,3,3,2"}, ERR_SHAPE},
    {{"Conv", 7, "dilations=[16777216,1] auto_pad='SAME_UPPER'", "x3,5,6 c4,3,3,2"}, ERR_SHAPE},
    {{"Conv", 7, "pads=[-1,0,0,0]", "x3,5,6 c4,3,3,2"}, ERR_FORMAT},
    {{"Conv", 7, "pads=[99999999999,0,0,0]", "x3,5,6 c4,3,3,2"}, ERR_FORMAT},
    {{"Conv", 7, "pads=[16777216,16777216,16777216,16777216]", "x3,5,6 c4,3,3,2"}, ERR_SHAPE},
    {{"Conv", 7, "pads=[1,1]", "x3,5,6 c4,3,3,2"}, ERR_UNSUPPORTED},
    {{"Conv", 7, "pads=[1,1,1,1,1]", "x3,5,6 c4,3,3,2"}, ERR_FORMAT},
    {{"Conv", 7, "strides=[1]", "x3,5,6 c4,3,3,2"}, ERR_UNSUPPORTED},
    {{"Conv", 7, "", "x3,5,6 c4,3,6,2"}, ERR_SHAPE},
    {{"Conv", 7, "", "x3,5,6 c4,2,3,2"}, ERR_SHAPE},
    {{"Conv", 7, "group=2", "x3,5,6 c4,3,3,2"}, ERR_SHAPE},
    {{"Conv", 7, "group=3", "x3,5,6 c4,1,3,2"}, ERR_SHAPE},
    {{"Conv", 7, "group=0", "x3,5,6 c4,3,3,2"}, ERR_FORMAT},
    {{"Conv", 7, "group=-1", "x3,5,6 c4,3,3,2"}, ERR_FORMAT},
    {{"Conv", 7, "kernel_shape=[2,2]", "x3,5,6 c4,3,3,2"}, ERR_SHAPE},
    {{"Conv", 7, "auto_pad='SOME'", "x3,5,6 c4,3,3,2"}, ERR_FORMAT},
    {{"Conv", 7, "", "x3,5,6 c4,3,3,2 c3"}, ERR_SHAPE},
    {{"Conv", 7, "", "x3,5,6 x4,3,3,2"}, ERR_UNSUPPORTED},
    {{"Conv", 7, "", "x3,5 c4,3,3"}, ERR_UNSUPPORTED},
    {{"Dropout", 12, "", "x3,4,5 s0.5 j1"}, ERR_UNSUPPORTED},
    {{"Dropout", 12, "", "x3,4,5 s0.5 x1"}, ERR_UNSUPPORTED},
    {{"Elu", 7, "alpha=1", "x3,4,5"}, ERR_FORMAT},
    {{"Flatten", 9, "axis=0", "x3,4,5"}, ERR_UNSUPPORTED},
    {{"Flatten", 9, "axis=2", "x3,4,5"}, ERR_UNSUPPORTED},
    {{"Flatten", 9, "axis=5", "x3,4,5"}, ERR_FORMAT},
    {{"Gemm", 7, "transA=1", "x6 c6,4 c4"}, ERR_UNSUPPORTED},
    {{"Gemm", 7, "", "x6 c4,6 c4"}, ERR_SHAPE},
    {{"Gemm", 7, "", "x6 c6,4 c3"}, ERR_SHAPE},
    {{"Gemm", 7, "", "x6 c6,4 c4,1"}, ERR_SHAPE},
    {{"Gemm", 7, "", "x6 x4 c4"}, ERR_UNSUPPORTED},
    {{"Gemm", 7, "", "c6,4 x4 c4"}, ERR_UNSUPPORTED},
    {{"Gemm", 7, "", "x6,1 c6,4 c4"}, ERR_SHAPE},
    {{"GlobalAveragePool", 7, "", "x6"}, ERR_SHAPE},
    {{"GlobalAveragePool", 7, "", "c1,6,4"}, ERR_UNSUPPORTED},
    {{"Identity", 7, "", "c1,6,4"}, ERR_UNSUPPORTED},
    {{"LeakyRelu", 7, "alpha='x'", "x3"}, ERR_FORMAT},
    {{"MatMul", 7, "", "x6 x6"}, ERR_UNSUPPORTED},
    {{"MatMul", 7, "", "c4,6 x6"}, ERR_UNSUPPORTED},
    {{"MatMul", 7, "", "x6 c4,6"}, ERR_SHAPE},
    {{"MatMul", 7, "", "x6 c6"}, ERR_UNSUPPORTED},
    {{"MaxPool", 8, "kernel_shape=[2,2] storage_order=1", "x3,4,5"}, ERR_UNSUPPORTED},
    {{"MaxPool", 8, "kernel_shape=[0,2]", "x3,4,5"}, ERR_FORMAT},
    {{"MaxPool", 8, "kernel_shape=[2,2] pads=[2,0,0,0]", "x3,4,5"}, ERR_SHAPE},
    {{"MaxPool", 8, "kernel_shape=[2,2] dilations=[2,1] pads=[1,0,1,0]", "x3,1,5"}, ERR_SHAPE},
    {{"MaxPool", 8, "kernel_shape=[300,300]", "x1,300,300"}, ERR_UNSUPPORTED},
    {{"Relu", 7, "", "c3,4,5"}, ERR_UNSUPPORTED},
    {{"Reshape", 7, "", "x4,6,5 i2,-1"}, ERR_UNSUPPORTED},
    {{"Reshape", 7, "", "x4,6,5 i-1,60"}, ERR_SHAPE},
    {{"Reshape", 7, "", "x4,6,5 i-1,-1"}, ERR_FORMAT},
    {{"Reshape", 7, "", "x4,6,5 i0,-1,-1"}, ERR_FORMAT},
    {{"Reshape", 7, "", "x4,6,5 i0,7,-1"}, ERR_SHAPE},
    {{"Reshape", 7, "", "x4,6,5 i0,-2,60"}, ERR_SHAPE},
    {{"Reshape", 7, "", "x4,6,5 i0,4,6,5,0"}, ERR_SHAPE},
    {{"Reshape", 7, "", "x4,6,5 i0,2147483647,2147483647,-1"}, ERR_SHAPE},
    {{"Reshape", 7, "", "x4,6,5 i0,99999999999"}, ERR_SHAPE},
    {{"Reshape", 14, "allowzero=1", "x4,6,5 i1,0,120"}, ERR_SHAPE},
    {{"Reshape", 14, "allowzero=1", "x4,6,5 i0,120"}, ERR_UNSUPPORTED},
    {{"Reshape", 7, "", "x4,6,5 i-1"}, ERR_UNSUPPORTED},
    {{"Reshape", 7, "", "x4,6,5 x2"}, ERR_UNSUPPORTED},
    {{"Reshape", 7, "", "x4,6,5 c2"}, ERR_FORMAT},
    {{"Reshape", 7, "", "x4,6,5 i0,1,1,1,1,2,60"}, ERR_UNSUPPORTED},
    {{"Softmax", 11, "axis=0", "x3,4"}, ERR_UNSUPPORTED},
    {{"Softmax", 13, "axis=3", "x3,4"}, ERR_FORMAT},
    {{.op = NULL}, ERR_OK},
};

/** A random number in lo .. hi. */
static int between(uint64_t *state, int lo, int hi)
{
  return lo + (int)driver_random(state, hi - lo + 1);
}

/** One axis of a random window that fits into its padded input and, for pools, sees it. */
struct random_axis {
  int in, kernel, stride, dilation, begin, end;
};

static struct random_axis random_axis(uint64_t *state, bool dilated, bool pool)
{
  struct random_axis a = {.kernel = between(state, 1, 4),
                          .stride = between(state, 1, 3),
                          .dilation = dilated ? between(state, 1, 2) : 1};
  const int reach = (a.kernel - 1) * a.dilation + 1, most = pool ? (a.kernel - 1) / 2 : reach + 1;
  a.begin = between(state, 0, most);
  a.end = between(state, 0, most);
  a.in = between(state, pool ? reach : 1, reach + 4);
  if (a.in + a.begin + a.end < reach) a.in = reach;
  return a;
}

struct op_case op_random_case(uint64_t *state, char attrs[160], char inputs[64])
{
  static const char *const ops[] = {"Conv", "Conv", "Conv", "MaxPool", "AveragePool"};
  const char *op = ops[driver_random(state, 5)];
  const bool pool = *op != 'C', average = *op == 'A';
  const struct random_axis h = random_axis(state, !average, pool);
  const struct random_axis w = random_axis(state, !average, pool);
  int used = snprintf(attrs, 160, "strides=[%d,%d] pads=[%d,%d,%d,%d]", h.stride, w.stride, h.begin,
                      w.begin, h.end, w.end);
  const int groups = between(state, 1, 3), from = between(state, 1, 3), to = between(state, 1, 3);
  char *more = attrs + used;
  if (pool) {
    used = snprintf(more, 100, " kernel_shape=[%d,%d] ceil_mode=%d", h.kernel, w.kernel,
                    between(state, 0, 1));
    (void)snprintf(inputs, 64, "x%d,%d,%d", from, h.in, w.in);
  } else {
    used = snprintf(more, 100, " group=%d", groups);
    (void)snprintf(inputs, 64, "x%d,%d,%d c%d,%d,%d,%d c%d", groups * from, h.in, w.in, groups * to,
                   from, h.kernel, w.kernel, groups * to);
  }
  if (average) {
    (void)snprintf(more + used, 40, " count_include_pad=%d", between(state, 0, 1));
  } else {
    (void)snprintf(more + used, 40, " dilations=[%d,%d]", h.dilation, w.dilation);
  }
  return (struct op_case){op, 12, attrs, inputs};
}
