/** @file
 *  ConvTranspose over images, weights [C, M / group, KH, KW] and bias constant: the transpose of the
 *  convolution that goes from its output to its input, whose weights are the same array.
 *
 *    out = stride (in - 1) + output_padding + reach - begin - end,  reach = (kernel - 1) dilation + 1
 *
 *  Source: ONNX operator specification, ConvTranspose-1, ConvTranspose-11. */
#include "core/arena.h"
#include "core/conv.h"
#include "core/conv_weigh.h"
#include "core/elementwise.h"
#include "core/operand.h"

#include <inttypes.h>
#include <string.h>

struct transposed {
  struct conv conv;  /* from the output to the input */
  int more[2];       /* output_padding */
  int n_out, out[2]; /* output_shape, where given */
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  enum { MAX_EXTENT = 1 << 24 };
  struct transposed *a = attr;
  int64_t groups;
  int n;
  (void)opset;
  TRY(window_parse(list, &a->conv.window));
  TRY(attr_int(list, "group", 1, &groups));
  CHECK(groups > 0 && groups <= INT_MAX, ERR_FORMAT, "attribute 'group' is %" PRId64, groups);
  TRY(attr_ints(list, "output_padding", 2, 0, MAX_EXTENT, &n, a->more));
  CHECK(n == 0 || n == 2, ERR_UNSUPPORTED, "output_padding has %d value; only images are supported",
        n);
  TRY(attr_ints(list, "output_shape", 2, 1, MAX_EXTENT, &a->n_out, a->out));
  CHECK(a->n_out != 1, ERR_UNSUPPORTED, "output_shape has 1 value; only images are supported");
  a->conv.groups = (int)groups;
  return ERR_OK;
}

static err check_weights(struct conv *v, const struct operand *in, int n_in)
{
  char text[96];
  const struct shape *s = &in[CONV_W].shape;
  TRY(operand_floats(in, CONV_W));
  CHECK(s->rank == 4 && s->dim[0] == v->outputs && v->outputs % v->groups == 0, ERR_SHAPE,
        "weights of shape %s; [%d, M/group, KH, KW] with %d groups is expected",
        shape_text(s, NULL, text, sizeof text), v->outputs, v->groups);
  CHECK((int64_t)s->dim[1] * v->groups <= INT_MAX, ERR_SHAPE, "%d outputs in %d groups", s->dim[1],
        v->groups);
  v->channels = s->dim[1] * v->groups;
  for (int i = 0; i < 2; i++) {
    int *k = &v->window.kernel[i];
    CHECK(*k == 0 || *k == s->dim[2 + i], ERR_SHAPE,
          "kernel_shape has %d where the weights have %d", *k, s->dim[2 + i]);
    *k = s->dim[2 + i];
  }
  return operand_given(in, n_in, CONV_B) ? operand_vector(in, CONV_B, v->channels) : ERR_OK;
}

/** Padding and output extent along one axis. */
static err settle_axis(struct transposed *a, int i)
{
  struct window *w = &a->conv.window;
  const int64_t reach = (int64_t)(w->kernel[i] - 1) * w->dilation[i] + 1;
  const int64_t full = (int64_t)w->stride[i] * (a->conv.out[i] - 1) + a->more[i] + reach;
  const bool same = w->auto_pad == WINDOW_SAME_UPPER || w->auto_pad == WINDOW_SAME_LOWER;
  if (w->auto_pad == WINDOW_VALID) w->begin[i] = w->end[i] = 0;
  int64_t out = full - w->begin[i] - w->end[i];
  if (a->n_out || same) {
    out = a->n_out ? a->out[i] : (int64_t)a->conv.out[i] * w->stride[i];
    const int64_t total = full > out ? full - out : 0, less = total / 2;
    CHECK(total <= INT_MAX, ERR_SHAPE, "padding of %" PRId64 " along axis %d", total, 2 + i);
    const bool upper = w->auto_pad == WINDOW_SAME_UPPER;
    w->begin[i] = (int)(upper ? less : total - less);
    w->end[i] = (int)(upper ? total - less : less);
  }
  CHECK(out > 0 && out <= INT_MAX, ERR_SHAPE, "axis %d would get length %" PRId64, 2 + i, out);
  a->conv.in[i] = (int)out;
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct transposed *a = attr;
  TRY(operand_activation(in, CONV_X));
  const struct shape *x = &in[CONV_X].shape;
  CHECK(x->rank == 4, ERR_UNSUPPORTED,
        "input 0 has %d dimensions; only images [N, C, H, W] are supported", x->rank);
  a->conv.outputs = x->dim[1];
  TRY(check_weights(&a->conv, in, n_in));
  for (int i = 0; i < 2; i++) {
    a->conv.out[i] = x->dim[2 + i];
    TRY(settle_axis(a, i));
  }
  *ys = (struct shape){4, {1, a->conv.channels, a->conv.in[0], a->conv.in[1]}};
  return operand_result(ys);
}

static size_t columns_bytes(const struct op_site *at)
{
  const struct transposed *a = at->attr;
  const size_t n = conv_columns.work_bytes(&a->conv, at->batch);
  return (n + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

/** Columns, and dx where it is to be added. */
static size_t work_bytes(const struct op_site *at)
{
  return columns_bytes(at) +
         (size_t)(shape_count(&at->in[CONV_X].shape) * at->batch) * sizeof(real);
}

/** The convolution as a node: x is our y.  No bias. */
static struct op_site reversed(const struct op_site *at)
{
  const struct transposed *a = at->attr;
  return (struct op_site){.attr = &a->conv,
                          .batch = at->batch,
                          .n_in = CONV_B,
                          .in = at->in,
                          .ys = at->in[CONV_X].shape};
}

static void forward(const struct op_fwd *c)
{
  const struct op_site conv = reversed(c->at);
  const int64_t plane = shape_inner(&c->at->ys) * c->at->batch;
  real *const dx[2] = {c->y, NULL};
  for (int m = 0; m < c->at->ys.dim[1]; m++) {
    const real bias = conv_bias(c->at, c->x, m);
    for (int64_t i = 0; i < plane; i++) c->y[m * plane + i] = bias;
  }
  const struct op_bwd back = {
      .at = &conv, .x = c->x, .work = c->work, .dy = c->x[CONV_X], .dx = dx};
  conv_columns.backward(&back);
}

static void backward(const struct op_bwd *c)
{
  const struct op_site conv = reversed(c->at);
  const int64_t n = shape_count(&c->at->in[CONV_X].shape) * c->at->batch;
  const real *const x[2] = {c->dy, c->x[CONV_W]};
  real *apart = (real *)(void *)((unsigned char *)c->work + columns_bytes(c->at));
  if (!c->dx[CONV_X]) return;
  const bool set = op_sets(c, CONV_X);
  const struct op_fwd through = {
      .at = &conv, .x = x, .work = c->work, .y = set ? c->dx[CONV_X] : apart};
  conv_columns.forward(&through);
  if (!set) elementwise_scale(apart, REAL(1.0), n, false, c->dx[CONV_X]);
}

static size_t weigh_bytes(const struct op_site *at)
{
  const struct op_site conv = reversed(at);
  return conv_weigh.work_bytes(&conv);
}

/** The weights' gradient is that of the convolution from y to x, of the signal at y and of x. */
static void weigh_run(const struct weigh_call *c)
{
  const struct op_site conv = reversed(c->at);
  const real *const x[2] = {c->dy, NULL};
  real *const dw[2] = {NULL, c->dw[CONV_W]};
  const int64_t plane = shape_inner(&c->at->ys);
  conv_weigh.run(
      &(struct weigh_call){.at = &conv, .x = x, .dy = c->x[CONV_X], .dw = dw, .work = c->work});
  if (c->at->n_in <= CONV_B || !c->dw[CONV_B]) return;
  for (int m = 0; m < c->at->ys.dim[1]; m++) {
    double sum = 0.0;
    for (int64_t i = 0; i < plane; i++) sum += (double)c->dy[m * plane + i];
    c->dw[CONV_B][m] += (real)sum;
  }
}

static const struct weigh weigh = {
    .parameters = 1U << CONV_W | 1U << CONV_B, .work_bytes = weigh_bytes, .run = weigh_run};

static int64_t flops(const struct op_site *at)
{
  return 2 * shape_count(&at->in[CONV_W].shape) * shape_inner(&at->in[CONV_X].shape);
}

/** Weights are [C, M/G, KH, KW]; the group of an input channel is that of its outputs. */
static int output_of(const struct op_site *at, int64_t i)
{
  const struct transposed *a = at->attr;
  const int *dim = at->in[CONV_W].shape.dim;
  const int64_t kernel = (int64_t)dim[2] * dim[3];
  const int64_t group = i / (kernel * dim[1]) / (dim[0] / a->conv.groups);
  return (int)(group * dim[1] + i / kernel % dim[1]);
}

static const struct op_linear linear = {
    .bias = CONV_B,
    .weights = conv_weights,
    .output_of = output_of,
    .outputs = conv_channels,
    .bias_of = conv_bias_at,
};

const struct op op_conv_transpose = {
    .name = "ConvTranspose",
    .source = "ONNX operators, ConvTranspose-11",
    .min_in = 2,
    .max_in = 3,
    .attr_bytes = sizeof(struct transposed),
    .parse = parse,
    .infer = infer,
    .work_bytes = work_bytes,
    .forward = forward,
    .backward = backward,
    .can_set = true,
    .linear = &linear,
    .weigh = &weigh,
    .flops = flops,
};
