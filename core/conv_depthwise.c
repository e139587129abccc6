/** @file
 *  Depthwise convolution: one input channel a group.  3 x 3 windows with stride 1 or 2 have kernels of their
 *  own (depthwise_plane.h).  Others: eight outputs of a row at a time over a band of rows with padding
 *  (window_band.h).  With stride 1 backward is such a sum, too, with the kernel turned round; with other
 *  strides it is gathered (window_gather.h). */
#include "core/conv.h"
#include "core/depthwise_plane.h"
#include "core/window_band.h"
#include "core/window_gather.h"

/* Elements of a row beyond which padding is better never written down. */
enum { MAX_ROW = 1 << 20 };

/** out[o] (+)= bias + sum_k w[k] x[o stride - begin + k dilation], planes of one channel. */
struct correlation {
  struct window window;
  int in[2], out[2];
  const real *x; /* [planes, in] */
  int64_t x_total;
  const real *w; /* [kernel] */
  real bias;
  real *y; /* [planes, out] overwritten where `set`, else added to */
  int64_t y_total;
  bool set;
  void *work;
};

/** The scratch, cut up. */
struct state {
  struct band x;
  int64_t *cell; /* [cells] offset of a cell from the begin of its window */
  real *weight;  /* [cells + 1, LANES], the bias last */
};

static int64_t cells_of(const struct window *w)
{
  return (int64_t)w->kernel[0] * w->kernel[1];
}

static size_t correlation_bytes(const struct window *w, const int in[2], const int out[2])
{
  const struct band x = band_of_windows(w, in, out);
  const size_t cells = (size_t)cells_of(w);
  return cells * sizeof(int64_t) + (LANES * (cells + 1) + band_count(&x)) * sizeof(real);
}

static struct state state_of(const struct correlation *c)
{
  const struct window *w = &c->window;
  struct state s = {.cell = c->work, .x = band_of_windows(w, c->in, c->out)};
  const int64_t cells = cells_of(w);
  s.weight = (real *)(s.cell + cells);
  s.x.rows = s.weight + (cells + 1) * LANES;
  for (int l = 0; l < LANES; l++) s.weight[cells * LANES + l] = c->bias;
  for (int64_t k = 0; k < cells; k++) {
    const int64_t down = k / w->kernel[1] * w->dilation[0];
    s.cell[k] = down * s.x.pitch + k % w->kernel[1] * w->dilation[1] - w->begin[1];
    for (int l = 0; l < LANES; l++) s.weight[k * LANES + l] = c->w[k];
  }
  return s;
}

/** One row of outputs, which begins at y[at]; x is the row at which their windows begin. */
SIMD_PART void row(const struct correlation *c, const struct state *s, const real *x, int64_t at,
                   int stride, int cells)
{
  for (int o = 0; o < c->out[1]; o += LANES) {
    lanes sum = lanes_load(s->weight + (int64_t)cells * LANES);
    for (int k = 0; k < cells; k++) {
      const lanes w = lanes_load(s->weight + (int64_t)k * LANES);
      sum += w * lanes_load_step(x + s->cell[k] + (int64_t)o * stride, stride);
    }
    band_give(c->y + at + o, sum, c->out[1] - o, c->y_total - at - o, c->set);
  }
}

SIMD_PART void planes(const struct correlation *c, const struct state *s, int64_t from, int64_t to,
                      int64_t n, int stride)
{
  const struct window *w = &c->window;
  const int64_t in = (int64_t)c->in[0] * c->in[1], out = (int64_t)c->out[0] * c->out[1];
  const int height = band_outputs(&s->x, w), cells = (int)cells_of(w);
  struct band_source x = {.x = c->x, .total = c->x_total, .in = c->in, .outside = REAL(0.0)};
  for (int64_t i = 0; i < n; i++) {
    x.plane = (from + i) * in;
    for (int oh = 0, r = 0, done = 0; oh < c->out[0]; oh++, r = (r + 1) % height) {
      const int64_t at = (to + i) * out + (int64_t)oh * c->out[1];
      const real *begin = band_row(&s->x, r * w->stride[0]);
      if (r == 0) x.first = window_start(w, 0, oh);
      done = band_copy(&s->x, &x, r ? done : 0, r * w->stride[0] + band_reach(w));
      row(c, s, begin, at, stride, cells);
    }
  }
}

/** n planes of y, from plane `to` on, from those of x, from plane `from` on.  Stride 1 is compiled apart. */
SIMD static void correlate(const struct correlation *c, const struct state *s, int64_t from,
                           int64_t to, int64_t n)
{
  band_fill(&s->x, REAL(0.0));
  if (c->window.stride[1] == 1) {
    planes(c, s, from, to, n, 1);
  } else {
    planes(c, s, from, to, n, c->window.stride[1]);
  }
}

/** 3 x 3 without dilation, the same stride down and across: that stride; else 0. */
static int usual_stride(const struct window *w)
{
  for (int i = 0; i < 2; i++)
    if (w->kernel[i] != 3 || w->dilation[i] != 1 || w->stride[i] != w->stride[0]) return 0;
  return w->stride[0] <= 2 ? w->stride[0] : 0;
}

/** What this CPU has for the usual windows; NULL: nothing. */
static depthwise_plane_of *plane_of(const struct window *w)
{
  const int stride = usual_stride(w);
  return stride ? depthwise_plane(stride == 1 ? DEPTHWISE_STRIDE_1 : DEPTHWISE_STRIDE_2) : NULL;
}

/** n planes of y, from plane `to` on, from those of x, from plane `from` on, by `of`. */
static void run_planes(const struct correlation *c, depthwise_plane_of *of, int64_t from,
                       int64_t to, int64_t n)
{
  const int64_t in = (int64_t)c->in[0] * c->in[1], out = (int64_t)c->out[0] * c->out[1];
  struct depthwise_plane p = {.in = {c->in[0], c->in[1]},
                              .out = {c->out[0], c->out[1]},
                              .begin = {c->window.begin[0], c->window.begin[1]},
                              .w = c->w,
                              .bias = c->bias,
                              .set = c->set};
  for (int64_t i = 0; i < n; i++) {
    p.x = c->x + (from + i) * in;
    p.y = c->y + (to + i) * out;
    of(&p);
  }
}

/** The same by what there is. */
static void run(const struct correlation *c, int64_t from, int64_t to, int64_t n)
{
  depthwise_plane_of *const of = plane_of(&c->window);
  if (of) {
    run_planes(c, of, from, to, n);
    return;
  }
  const struct state s = state_of(c);
  correlate(c, &s, from, to, n);
}

static bool fits(const struct conv *a)
{
  const struct window *w = &a->window;
  const int64_t reach = (int64_t)(w->kernel[1] - 1) * w->dilation[1] + 1;
  const int64_t down = (int64_t)(w->kernel[0] - 1) * w->dilation[0] + 1;
  const int64_t width = a->in[1] + (int64_t)w->begin[1] + w->end[1] + reach;
  return a->groups > 1 && a->groups == a->channels && width <= MAX_ROW && down <= MAX_ROW / width;
}

/** The correlation that goes back, where the stride is 1: of dy, with the kernel turned round. */
static struct window turned_window(const struct conv *a)
{
  struct window w = a->window;
  for (int i = 0; i < 2; i++) {
    w.begin[i] = (w.kernel[i] - 1) * w.dilation[i] - w.begin[i];
    w.end[i] = 0;
  }
  return w;
}

/** Stride 1, and no more padding than the turned kernel takes up. */
static bool goes_back_turned(const struct conv *a)
{
  const struct window *w = &a->window;
  const struct window t = turned_window(a);
  return w->stride[0] == 1 && w->stride[1] == 1 && t.begin[0] >= 0 && t.begin[1] >= 0;
}

static struct window_gather gather_of(const struct conv *a)
{
  return (struct window_gather){
      .window = &a->window, .in = {a->in[0], a->in[1]}, .out = {a->out[0], a->out[1]}};
}

static size_t turned_bytes(const struct conv *a)
{
  const struct window t = turned_window(a);
  return (size_t)cells_of(&t) * sizeof(real) + correlation_bytes(&t, a->out, a->in);
}

static size_t work_bytes(const struct conv *a, int batch)
{
  (void)batch;
  const struct window_gather g = gather_of(a);
  const size_t forwards = correlation_bytes(&a->window, a->in, a->out);
  const size_t backwards = goes_back_turned(a) ? turned_bytes(a) : window_gather_bytes(&g);
  return forwards > backwards ? forwards : backwards;
}

static void forward(const struct op_fwd *c)
{
  const struct conv *a = c->at->attr;
  const int each = a->outputs / a->channels, batch = c->at->batch;
  struct correlation r = {.window = a->window,
                          .in = {a->in[0], a->in[1]},
                          .out = {a->out[0], a->out[1]},
                          .x = c->x[CONV_X],
                          .x_total = (int64_t)a->channels * batch * a->in[0] * a->in[1],
                          .y = c->y,
                          .y_total = (int64_t)a->outputs * batch * a->out[0] * a->out[1],
                          .set = true,
                          .work = c->work};
  for (int m = 0; m < a->outputs; m++) {
    r.w = c->x[CONV_W] + m * cells_of(&a->window);
    r.bias = conv_bias(c->at, c->x, m);
    run(&r, (int64_t)(m / each) * batch, (int64_t)m * batch, batch);
  }
}

/** Stride 1. */
static void backward_turned(const struct op_bwd *c)
{
  const struct conv *a = c->at->attr;
  const int each = a->outputs / a->channels, batch = c->at->batch;
  const int64_t cells = cells_of(&a->window);
  real *turned = (real *)((char *)c->work + turned_bytes(a)) - cells;
  struct correlation r = {.window = turned_window(a),
                          .in = {a->out[0], a->out[1]},
                          .out = {a->in[0], a->in[1]},
                          .x = c->dy,
                          .x_total = (int64_t)a->outputs * batch * a->out[0] * a->out[1],
                          .w = turned,
                          .y = c->dx[CONV_X],
                          .y_total = (int64_t)a->channels * batch * a->in[0] * a->in[1],
                          .work = c->work};
  for (int m = 0; m < a->outputs; m++) {
    const real *w = c->x[CONV_W] + m * cells;
    for (int64_t k = 0; k < cells; k++) turned[k] = w[cells - 1 - k];
    r.set = op_sets(c, CONV_X) && m % each == 0;
    run(&r, (int64_t)m * batch, (int64_t)(m / each) * batch, batch);
  }
}

static void backward_gathered(const struct op_bwd *c)
{
  const struct conv *a = c->at->attr;
  const int each = a->outputs / a->channels, batch = c->at->batch;
  struct window_gather g = gather_of(a);
  g.dy = c->dy;
  g.dy_total = (int64_t)a->outputs * batch * a->out[0] * a->out[1];
  g.dx = c->dx[CONV_X];
  g.dx_total = (int64_t)a->channels * batch * a->in[0] * a->in[1];
  g.work = c->work;
  for (int m = 0; m < a->outputs; m++) {
    g.weights = c->x[CONV_W] + m * cells_of(&a->window);
    g.set = op_sets(c, CONV_X) && m % each == 0;
    window_gather(&g, (int64_t)m * batch, (int64_t)(m / each) * batch, batch);
  }
}

/** Stride 2, by planes. */
static void backward_planes(const struct op_bwd *c, depthwise_plane_of *of)
{
  const struct conv *a = c->at->attr;
  const int each = a->outputs / a->channels, batch = c->at->batch;
  struct correlation r = {.window = a->window,
                          .in = {a->out[0], a->out[1]},
                          .out = {a->in[0], a->in[1]},
                          .x = c->dy,
                          .y = c->dx[CONV_X]};
  for (int m = 0; m < a->outputs; m++) {
    r.w = c->x[CONV_W] + m * cells_of(&a->window);
    r.set = op_sets(c, CONV_X) && m % each == 0;
    run_planes(&r, of, (int64_t)m * batch, (int64_t)(m / each) * batch, batch);
  }
}

static void backward(const struct op_bwd *c)
{
  const struct conv *a = c->at->attr;
  const bool stride_2 = usual_stride(&a->window) == 2;
  depthwise_plane_of *const of = stride_2 ? depthwise_plane(DEPTHWISE_BACK_2) : NULL;
  if (of) {
    backward_planes(c, of);
  } else if (goes_back_turned(a)) {
    backward_turned(c);
  } else {
    backward_gathered(c);
  }
}

const struct conv_kernel conv_depthwise = {
    .name = "depthwise",
    .fits = fits,
    .work_bytes = work_bytes,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
