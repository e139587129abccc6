/** @file
 *  MaxPool: the largest element of a window; the first of equals in row-major order wins, and a NaN
 *  wins over everything, the last of several (as PyTorch does).  The winner's index in its window
 *  is kept for the backward pass.
 *  Source: ONNX operator specification, MaxPool-8, -10, -11, -12. */
#include "core/op.h"
#include "core/operand.h"
#include "core/simd.h"
#include "core/window.h"

#include <math.h>

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  int64_t order;
  TRY(attr_int(list, "storage_order", 0, &order));
  CHECK(!order, ERR_UNSUPPORTED, "storage_order = 1 is not supported");
  return window_parse(list, attr);
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct window *w = attr;
  int out[2];
  (void)n_in;
  TRY(operand_activation(in, 0));
  TRY(window_settle(w, &in[0].shape, out));
  CHECK((int64_t)w->kernel[0] * w->kernel[1] <= UINT16_MAX + 1, ERR_UNSUPPORTED,
        "a kernel of %d x %d has more than %d cells", w->kernel[0], w->kernel[1], UINT16_MAX + 1);
  TRY(window_check_seen(w, &in[0].shape, out));
  *ys = (struct shape){4, {1, in[0].shape.dim[1], out[0], out[1]}};
  return operand_result(ys);
}

static size_t aux_bytes(const struct op_site *at)
{
  return (size_t)(shape_count(&at->ys) * at->batch) * sizeof(uint16_t);
}

/** One row of outputs before any input is seen: no maximum yet, the first cell inside the input. */
SIMD static void row_begin(const struct window *w, int first_row, int width, int n,
                           real *restrict y, uint16_t *restrict win)
{
  for (int o = 0; o < n; o++) {
    y[o] = -INFINITY;
    win[o] = (uint16_t)(first_row * w->kernel[1] + window_taps(w, 1, o, width).first);
  }
}

/** Let cell `cell` of the window, x[o * stride], compete in n outputs. */
SIMD static void row_compete(const real *restrict x, int stride, int n, uint16_t cell,
                             real *restrict y, uint16_t *restrict win)
{
  for (int o = 0; o < n; o++) {
    const real v = x[(int64_t)o * stride];
    const bool wins = (v > y[o]) | (v != v);
    y[o] = wins ? v : y[o];
    win[o] = wins ? cell : win[o];
  }
}

/** One row of outputs; x is one plane of `in` rows and columns. */
static void forward_row(const struct window *w, const int *in, int oh, int n, const real *x,
                        real *y, uint16_t *win)
{
  const struct window_range rows = window_taps(w, 0, oh, in[0]);
  row_begin(w, rows.first, in[1], n, y, win);
  for (int kh = rows.first; kh < rows.last; kh++) {
    const real *line = x + (int64_t)(window_start(w, 0, oh) + kh * w->dilation[0]) * in[1];
    for (int kw = 0; kw < w->kernel[1]; kw++) {
      const struct window_range o = window_outputs(w, 1, kw, in[1], n);
      if (o.first == o.last) continue;
      const int at = window_start(w, 1, o.first) + kw * w->dilation[1];
      row_compete(line + at, w->stride[1], o.last - o.first, (uint16_t)(kh * w->kernel[1] + kw),
                  y + o.first, win + o.first);
    }
  }
}

static void forward(const struct op_fwd *c)
{
  const struct window *w = c->at->attr;
  const struct shape *ys = &c->at->ys;
  const int *in = c->at->in[0].shape.dim + 2;
  const int64_t planes = (int64_t)ys->dim[1] * c->at->batch;
  uint16_t *win = c->aux;
  real *y = c->y;
  for (int64_t i = 0; i < planes; i++) {
    for (int oh = 0; oh < ys->dim[2]; oh++) {
      forward_row(w, in, oh, ys->dim[3], c->x[0] + i * in[0] * in[1], y, win);
      y += ys->dim[3];
      win += ys->dim[3];
    }
  }
}

/** Where in its plane the winning cell of an output lies, relative to the window's start. */
static int64_t cell_offset(const struct window *w, int cell, int width)
{
  const int kh = cell / w->kernel[1], kw = cell % w->kernel[1];
  return (int64_t)kh * w->dilation[0] * width + (int64_t)kw * w->dilation[1];
}

/** One row of outputs gives its signals to the winners; offset [cells] as cell_offset says. */
static void row_give(const struct window *w, const int64_t *restrict offset,
                     const uint16_t *restrict win, const real *restrict dy, int n,
                     real *restrict dx)
{
  const int stride = w->stride[1];
  int64_t start = -w->begin[1];
  for (int o = 0; o < n; o++) {
    dx[start + offset[win[o]]] += dy[o];
    start += stride;
  }
}

static void backward(const struct op_bwd *c)
{
  const struct window *w = c->at->attr;
  const struct shape *ys = &c->at->ys;
  const int *in = c->at->in[0].shape.dim + 2;
  const int64_t planes = (int64_t)ys->dim[1] * c->at->batch;
  const int cells = w->kernel[0] * w->kernel[1];
  const uint16_t *win = c->aux;
  const real *dy = c->dy;
  int64_t *offset = c->work;
  if (!c->dx[0]) return;
  for (int k = 0; k < cells; k++) offset[k] = cell_offset(w, k, in[1]);
  for (int64_t i = 0; i < planes; i++) {
    real *dx = c->dx[0] + i * in[0] * in[1];
    for (int oh = 0; oh < ys->dim[2]; oh++) {
      row_give(w, offset, win, dy, ys->dim[3], dx + (int64_t)window_start(w, 0, oh) * in[1]);
      win += ys->dim[3];
      dy += ys->dim[3];
    }
  }
}

static size_t work_bytes(const struct op_site *at)
{
  const struct window *w = at->attr;
  return (size_t)w->kernel[0] * (size_t)w->kernel[1] * sizeof(int64_t);
}

const struct op op_max_pool = {
    .name = "MaxPool",
    .source = "ONNX operators, MaxPool-12",
    .min_in = 1,
    .max_in = 1,
    .attr_bytes = sizeof(struct window),
    .parse = parse,
    .infer = infer,
    .aux_bytes = aux_bytes,
    .work_bytes = work_bytes,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_AUX,
};
