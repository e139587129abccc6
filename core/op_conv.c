/** @file
 *  Conv over images, with groups, strides, dilations and any padding; weights and bias constant.
 *
 *    y[m, o] = b[m] + sum over c in the group of m, k  of  w[m, c, k] x[c, o stride - begin + k dilation]
 *
 *  The gradient with respect to x is made here, that of the weights in conv_weigh.c.
 *  Source: ONNX operator specification, Conv-1, Conv-11. */
#include "core/conv.h"
#include "core/conv_weigh.h"
#include "core/operand.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

/* In order of preference; the last one fits everything. */
static const struct conv_kernel *const kernels[] = {&conv_depthwise, &conv_pointwise,
                                                    &conv_winograd, &conv_columns};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  struct conv *a = attr;
  int64_t groups;
  TRY(window_parse(list, &a->window));
  TRY(attr_int(list, "group", 1, &groups));
  CHECK(groups > 0 && groups <= INT_MAX, ERR_FORMAT, "attribute 'group' is %" PRId64, groups);
  a->groups = (int)groups;
  return ERR_OK;
}

/** The kernel is that of the weights, and of the attribute where there is one. */
static err take_kernel(struct window *w, const struct shape *s)
{
  for (int i = 0; i < 2; i++) {
    int *k = &w->kernel[i];
    CHECK(*k == 0 || *k == s->dim[2 + i], ERR_SHAPE,
          "kernel_shape has %d where the weights have %d", *k, s->dim[2 + i]);
    *k = s->dim[2 + i];
  }
  return ERR_OK;
}

/** Weights [M, C/G, KH, KW] agree with the input's channels, the groups and the attributes. */
static err check_weights(struct conv *a, const struct operand *in, int n_in)
{
  char text[96];
  const struct shape *s = &in[CONV_W].shape;
  TRY(operand_floats(in, CONV_W));
  CHECK(s->rank == 4, ERR_SHAPE, "weights of shape %s; [M, C/group, KH, KW] is expected",
        shape_text(s, NULL, text, sizeof text));
  a->outputs = s->dim[0];
  CHECK(a->channels % a->groups == 0 && a->outputs % a->groups == 0, ERR_SHAPE,
        "%d groups divide neither %d channels into %d outputs nor the other way round", a->groups,
        a->channels, a->outputs);
  CHECK(s->dim[1] == a->channels / a->groups, ERR_SHAPE,
        "weights expect %d channels a group, the input has %d", s->dim[1], a->channels / a->groups);
  TRY(take_kernel(&a->window, s));
  return operand_given(in, n_in, CONV_B) ? operand_vector(in, CONV_B, a->outputs) : ERR_OK;
}

static const struct conv_kernel *kernel_for(const struct conv *a, bool plain)
{
  const int n = sizeof kernels / sizeof kernels[0];
  int i = 0;
  while (i + 1 < n && (!kernels[i]->fits(a) || (plain && kernels[i] == &conv_winograd))) i++;
  return kernels[i];
}

static const struct conv_kernel *kernel_at(const struct op_site *at)
{
  const struct conv *a = at->attr;
  return at->plain ? a->plain : a->kernel;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct conv *a = attr;
  TRY(operand_activation(in, CONV_X));
  CHECK(in[CONV_X].shape.rank == 4, ERR_UNSUPPORTED,
        "input 0 has %d dimensions; only images [N, C, H, W] are supported", in[CONV_X].shape.rank);
  a->channels = in[CONV_X].shape.dim[1];
  TRY(check_weights(a, in, n_in));
  TRY(window_settle(&a->window, &in[CONV_X].shape, a->out));
  for (int i = 0; i < 2; i++) a->in[i] = in[CONV_X].shape.dim[2 + i];
  const struct shape s = {4, {1, a->outputs, a->out[0], a->out[1]}};
  TRY(operand_result(&s));
  a->kernel = kernel_for(a, false);
  a->plain = kernel_for(a, true);
  *ys = s;
  return ERR_OK;
}

static size_t work_bytes(const struct op_site *at)
{
  const struct conv_kernel *k = kernel_at(at);
  return k->work_bytes ? k->work_bytes(at->attr, at->batch) : 0;
}

static size_t prepared_bytes(const struct op_site *at)
{
  const struct conv_kernel *k = kernel_at(at);
  return k->prepared_bytes ? k->prepared_bytes(at->attr) : 0;
}

static void prepare(const struct op_site *at, void *prepared)
{
  kernel_at(at)->prepare(at->attr, at->in[CONV_W].data, prepared);
}

static void forward(const struct op_fwd *c)
{
  kernel_at(c->at)->forward(c);
}

static void backward(const struct op_bwd *c)
{
  const struct op_site *at = c->at;
  if (!c->dx[CONV_X]) return;
  if (op_sets(c, CONV_X) && !kernel_at(at)->can_set) { /* it adds up what overlaps */
    memset(c->dx[CONV_X], 0,
           (size_t)(shape_count(&at->in[CONV_X].shape) * at->batch) * sizeof(real));
  }
  kernel_at(at)->backward(c);
}

static const char *variant(const struct op_site *at)
{
  return kernel_at(at)->name;
}

/** Weights are [M, C/G, KH, KW]. */
static int output_of(const struct op_site *at, int64_t i)
{
  const struct conv *a = at->attr;
  return (int)(i / (shape_count(&at->in[CONV_W].shape) / a->outputs));
}

static const struct op_linear linear = {
    .bias = CONV_B,
    .weights = conv_weights,
    .output_of = output_of,
    .outputs = conv_channels,
    .bias_of = conv_bias_at,
};

const struct op op_conv = {
    .name = "Conv",
    .source = "ONNX operators, Conv-11",
    .min_in = 2,
    .max_in = 3,
    .attr_bytes = sizeof(struct conv),
    .parse = parse,
    .infer = infer,
    .work_bytes = work_bytes,
    .prepared_bytes = prepared_bytes,
    .prepare = prepare,
    .replaces = CONV_W,
    .forward = forward,
    .backward = backward,
    .can_set = true,
    .linear = &linear,
    .weigh = &conv_weigh,
    .variant = variant,
    .flops = op_weight_flops,
};
