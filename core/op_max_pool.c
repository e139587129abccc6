/** @file
 *  MaxPool: the largest element of a window; the first of equals in row-major order wins, and a NaN
 *  wins over everything, the last of several (as PyTorch does).  The winner's index in its window
 *  is kept for the backward pass.
 *  Source: ONNX operator specification, MaxPool-8, -10, -11, -12. */
#include "core/op.h"
#include "core/operand.h"
#include "core/window_band.h"

#include <math.h>
#include <string.h>

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

/** The number of a cell in its window takes one byte where that is enough, else two. */
static bool is_wide(const struct window *w)
{
  return (int64_t)w->kernel[0] * w->kernel[1] > UINT8_MAX + 1;
}

static size_t aux_bytes(const struct op_site *at)
{
  const size_t each = is_wide(at->attr) ? sizeof(uint16_t) : sizeof(uint8_t);
  return (size_t)(shape_count(&at->ys) * at->batch) * each;
}

/** The maximum of eight windows so far, and its cell: the first inside the input, until one wins. */
struct best {
  lanes value;
  lane_ints cell;
};

/** The scratch of the forward pass. */
struct view {
  const struct window *window;
  const int *in, *out; /* [2] */
  struct band x;
  int64_t *cell;    /* [cells] offset of a cell from the begin of its window */
  lane_int *begin;  /* [outputs] the first column of the window that is inside the input */
  lane_int *winner; /* [outputs] of the row in work */
};

static size_t forward_bytes(const struct window *w, const int in[2], const int out[2])
{
  const struct band x = band_of_windows(w, in, out);
  return (size_t)w->kernel[0] * (size_t)w->kernel[1] * sizeof(int64_t) +
         (band_count(&x) + 2 * (size_t)lanes_up(out[1])) * sizeof(real);
}

static struct view view_of(const struct op_fwd *c)
{
  const struct window *w = c->at->attr;
  const int *in = c->at->in[0].shape.dim + 2, *out = c->at->ys.dim + 2;
  struct view v = {
      .window = w, .in = in, .out = out, .x = band_of_windows(w, in, out), .cell = c->work};
  v.x.rows = (real *)(v.cell + (int64_t)w->kernel[0] * w->kernel[1]);
  v.begin = (lane_int *)(v.x.rows + band_count(&v.x));
  v.winner = v.begin + lanes_up(out[1]);
  for (int k = 0; k < w->kernel[0] * w->kernel[1]; k++) {
    const int64_t down = (int64_t)(k / w->kernel[1]) * w->dilation[0];
    v.cell[k] = down * v.x.pitch + (int64_t)(k % w->kernel[1]) * w->dilation[1] - w->begin[1];
  }
  for (int o = 0; o < lanes_up(out[1]); o++)
    v.begin[o] = o < out[1] ? window_taps(w, 1, o, in[1]).first : 0;
  return v;
}

/** Outputs from column o on; x is the row of the band at which their windows begin, `first` the number
 *  of the first cell of the first row inside the input, in every lane. */
SIMD_PART struct best tile_best(const struct view *v, const real *x, const lane_int *first, int o,
                                int stride, int cells)
{
  struct best b = {lanes_all((real)-INFINITY),
                   lanes_load_ints(first) + lanes_load_ints(v->begin + o)};
  lane_ints cell = {0};
  for (int k = 0; k < cells; k++) {
    const lanes value = lanes_load_step(x + v->cell[k] + (int64_t)o * stride, stride);
    /* NOLINTNEXTLINE(misc-redundant-expression): false for a NaN */
    const lane_ints wins = (value > b.value) | ~(value == value);
    b.value = lanes_select(wins, value, b.value);
    b.cell = lanes_select_ints(wins, cell, b.cell);
    cell += 1;
  }
  return b;
}

/** n winners to memory, number `at` on. */
SIMD_PART void narrow(const lane_int *restrict from, int n, bool wide, void *winners, int64_t at)
{
  uint8_t *restrict one = (uint8_t *)winners + at;
  uint16_t *restrict two = (uint16_t *)winners + at;
  if (wide) {
    for (int i = 0; i < n; i++) two[i] = (uint16_t)from[i];
  } else {
    for (int i = 0; i < n; i++) one[i] = (uint8_t)from[i];
  }
}

/** Row oh of the plane of y that begins at `plane`; y has `total` elements. */
SIMD_PART void forward_row(const struct op_fwd *c, const struct view *v, const real *x, int oh,
                           int64_t plane, int64_t total, int stride, int cells)
{
  const int n = v->out[1];
  const int64_t at = plane + (int64_t)oh * n;
  lane_int first[LANES];
  const int row = window_taps(v->window, 0, oh, v->in[0]).first;
  for (int l = 0; l < LANES; l++) first[l] = (lane_int)row * v->window->kernel[1];
  for (int o = 0; o < n; o += LANES) {
    const struct best b = tile_best(v, x, first, o, stride, cells);
    band_give(c->y + at + o, b.value, n - o, total - at - o, true);
    lanes_store_ints(v->winner + o, b.cell);
  }
  narrow(v->winner, n, is_wide(v->window), c->aux, at);
}

SIMD_PART void forward_planes(const struct op_fwd *c, const struct view *v, int stride, int cells)
{
  const struct window *w = v->window;
  const int64_t in = (int64_t)v->in[0] * v->in[1], out = (int64_t)v->out[0] * v->out[1];
  const int64_t planes = shape_channels(&c->at->ys) * (int64_t)c->at->batch;
  const int height = band_outputs(&v->x, w);
  struct band_source x = {
      .x = c->x[0], .total = planes * in, .in = v->in, .outside = (real)-INFINITY};
  for (int64_t i = 0; i < planes; i++) {
    x.plane = i * in;
    for (int oh = 0, r = 0, done = 0; oh < v->out[0]; oh++, r = (r + 1) % height) {
      if (r == 0) x.first = window_start(w, 0, oh);
      done = band_copy(&v->x, &x, r ? done : 0, r * w->stride[0] + band_reach(w));
      forward_row(c, v, band_row(&v->x, r * w->stride[0]), oh, i * out, planes * out, stride,
                  cells);
    }
  }
}

/** The usual geometries are compiled apart. */
SIMD static void forward_all(const struct op_fwd *c, const struct view *v)
{
  const int stride = v->window->stride[1], cells = v->window->kernel[0] * v->window->kernel[1];
  band_fill(&v->x, (real)-INFINITY);
  if (stride == 2 && cells == 4) {
    forward_planes(c, v, 2, 4);
  } else if (stride == 2 && cells == 9) {
    forward_planes(c, v, 2, 9);
  } else if (stride == 2) {
    forward_planes(c, v, 2, cells);
  } else if (stride == 1) {
    forward_planes(c, v, 1, cells);
  } else {
    forward_planes(c, v, stride, cells);
  }
}

static void forward(const struct op_fwd *c)
{
  const struct view v = view_of(c);
  forward_all(c, &v);
}

/** Where in its plane the winning cell of an output lies, relative to the window's start. */
static int64_t cell_offset(const struct window *w, int cell, int width)
{
  const int kh = cell / w->kernel[1], kw = cell % w->kernel[1];
  return (int64_t)kh * w->dilation[0] * width + (int64_t)kw * w->dilation[1];
}

/** One row of n outputs, number `at` on, gives its signals to the winners; offset [cells] as cell_offset
 *  says; the window of the first one begins at dx[start]. */
static void row_give(const int64_t *restrict offset, const struct op_bwd *c, int64_t at, int n,
                     int64_t start, real *restrict dx)
{
  const struct window *w = c->at->attr;
  const int stride = w->stride[1];
  const real *restrict dy = c->dy + at;
  const uint8_t *restrict one = (const uint8_t *)c->aux + at;
  const uint16_t *restrict two = (const uint16_t *)c->aux + at;
  if (is_wide(w)) {
    for (int o = 0; o < n; o++, start += stride) dx[start + offset[two[o]]] += dy[o];
  } else {
    for (int o = 0; o < n; o++, start += stride) dx[start + offset[one[o]]] += dy[o];
  }
}

/* Elements of dx that are made zero at a time, just before they are added to: they are in the first-level
 * cache then. */
enum { CLEAR = 2048 };

/** Rows of dx from `done` on become zero, to row `needed` at least; returns how far it came. */
static int clear_rows(real *dx, const int in[2], int done, int needed)
{
  if (needed <= done) return done;
  const int ahead = done + CLEAR / in[1], want = ahead > needed ? ahead : needed;
  const int end = want < in[0] ? want : in[0];
  memset(dx + (int64_t)done * in[1], 0, (size_t)(end - done) * (size_t)in[1] * sizeof *dx);
  return end;
}

static void backward_plane(const struct op_bwd *c, int64_t plane)
{
  const struct window *w = c->at->attr;
  const int *in = c->at->in[0].shape.dim + 2, *out = c->at->ys.dim + 2;
  real *dx = c->dx[0] + plane * in[0] * in[1];
  int64_t at = plane * out[0] * out[1];
  int done = op_sets(c, 0) ? 0 : in[0];
  for (int oh = 0; oh < out[0]; oh++) {
    const int top = window_start(w, 0, oh), end = top + band_reach(w) + 1;
    done = clear_rows(dx, in, done, end < in[0] ? end : in[0]);
    row_give(c->work, c, at, out[1], (int64_t)top * in[1] - w->begin[1], dx);
    at += out[1];
  }
  (void)clear_rows(dx, in, done, in[0]);
}

static void backward(const struct op_bwd *c)
{
  const struct window *w = c->at->attr;
  const int64_t planes = (int64_t)c->at->ys.dim[1] * c->at->batch;
  int64_t *offset = c->work;
  if (!c->dx[0]) return;
  for (int k = 0; k < w->kernel[0] * w->kernel[1]; k++)
    offset[k] = cell_offset(w, k, c->at->in[0].shape.dim[3]);
  for (int64_t i = 0; i < planes; i++) backward_plane(c, i);
}

/** The forward pass wants more than the offsets of backward. */
static size_t work_bytes(const struct op_site *at)
{
  return forward_bytes(at->attr, at->in[0].shape.dim + 2, at->ys.dim + 2);
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
    .can_set = true,
};
