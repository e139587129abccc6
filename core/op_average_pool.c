/** @file
 *  AveragePool: the mean over a window, summed in double.  Without count_include_pad cells of
 *  padding do not count; with it those of the padding count as zeros, but not what a rounded-up last
 *  window reaches beyond the padding (as PyTorch does).
 *  Source: ONNX operator specification, AveragePool-7, -10, -11, -19. */
#include "core/op.h"
#include "core/operand.h"
#include "core/window.h"

struct average {
  struct window window;
  bool count_padding;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  struct average *a = attr;
  int64_t include;
  TRY(window_parse(list, &a->window));
  TRY(attr_int(list, "count_include_pad", 0, &include));
  CHECK(a->window.dilation[0] == 1 && a->window.dilation[1] == 1, ERR_UNSUPPORTED,
        "dilations other than 1 are not supported");
  a->count_padding = include != 0;
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct average *a = attr;
  int out[2];
  (void)n_in;
  TRY(operand_activation(in, 0));
  TRY(window_settle(&a->window, &in[0].shape, out));
  TRY(window_check_seen(&a->window, &in[0].shape, out));
  *ys = (struct shape){4, {1, in[0].shape.dim[1], out[0], out[1]}};
  return operand_result(ys);
}

/** Cells along one axis that the mean of output o divides by. */
static int counted(const struct average *a, int axis, int o, int in, struct window_range taps)
{
  if (!a->count_padding) return taps.last - taps.first;
  const int start = window_start(&a->window, axis, o), beyond = in + a->window.end[axis];
  const int stop = start + a->window.kernel[axis];
  return (stop < beyond ? stop : beyond) - start;
}

/** The part of the input that one output averages, and its weight. */
struct patch {
  int top, bottom, left, right; /* bottom and right excluded */
  double cells;
};

static struct patch patch_of(const struct op_site *at, int oh, int ow)
{
  const struct average *a = at->attr;
  const int *in = at->in[0].shape.dim + 2;
  const struct window_range r = window_taps(&a->window, 0, oh, in[0]);
  const struct window_range s = window_taps(&a->window, 1, ow, in[1]);
  const int top = window_start(&a->window, 0, oh), left = window_start(&a->window, 1, ow);
  const double rows = counted(a, 0, oh, in[0], r), columns = counted(a, 1, ow, in[1], s);
  return (struct patch){top + r.first, top + r.last, left + s.first, left + s.last, rows * columns};
}

static double patch_sum(const struct patch *p, const real *restrict x, int width)
{
  double sum = 0.0;
  for (int h = p->top; h < p->bottom; h++)
    for (int w = p->left; w < p->right; w++) sum += (double)x[(int64_t)h * width + w];
  return sum;
}

static void patch_add(const struct patch *p, real value, int width, real *restrict dx)
{
  for (int h = p->top; h < p->bottom; h++)
    for (int w = p->left; w < p->right; w++) dx[(int64_t)h * width + w] += value;
}

static void forward(const struct op_fwd *c)
{
  const struct shape *ys = &c->at->ys;
  const int height = c->at->in[0].shape.dim[2], width = c->at->in[0].shape.dim[3];
  const int64_t planes = (int64_t)ys->dim[1] * c->at->batch;
  real *y = c->y;
  for (int64_t i = 0; i < planes; i++) {
    for (int oh = 0; oh < ys->dim[2]; oh++) {
      for (int ow = 0; ow < ys->dim[3]; ow++) {
        const struct patch p = patch_of(c->at, oh, ow);
        *y++ = (real)(patch_sum(&p, c->x[0] + i * height * width, width) / p.cells);
      }
    }
  }
}

static void backward(const struct op_bwd *c)
{
  const struct shape *ys = &c->at->ys;
  const int height = c->at->in[0].shape.dim[2], width = c->at->in[0].shape.dim[3];
  const int64_t planes = (int64_t)ys->dim[1] * c->at->batch;
  const real *dy = c->dy;
  if (!c->dx[0]) return;
  for (int64_t i = 0; i < planes; i++) {
    for (int oh = 0; oh < ys->dim[2]; oh++) {
      for (int ow = 0; ow < ys->dim[3]; ow++) {
        const struct patch p = patch_of(c->at, oh, ow);
        patch_add(&p, (real)((double)*dy++ / p.cells), width, c->dx[0] + i * height * width);
      }
    }
  }
}

const struct op op_average_pool = {
    .name = "AveragePool",
    .source = "ONNX operators, AveragePool-19",
    .min_in = 1,
    .max_in = 1,
    .attr_bytes = sizeof(struct average),
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
