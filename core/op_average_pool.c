/** @file
 *  AveragePool: the mean over a window, summed in double.  Without count_include_pad cells of
 *  padding do not count; with it those of the padding count as zeros, but not what a rounded-up last
 *  window reaches beyond the padding (as PyTorch does).
 *  Source: ONNX operator specification, AveragePool-7, -10, -11, -19. */
#include "core/op.h"
#include "core/operand.h"
#include "core/window_band.h"
#include "core/window_gather.h"

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

static size_t up(size_t n)
{
  return (n + LANES - 1) / LANES * LANES;
}

/** The scratch, cut up.  [outputs] are those of a row. */
struct state {
  const struct average *average;
  const int *in, *out; /* [2] */
  double *sum;         /* [outputs] */
  double *columns;     /* [outputs] that the mean counts */
  struct band x;       /* forward */
  real *share;         /* backward: [out], what every cell of a window gets */
  void *gather;        /* backward */
};

static struct window_gather gather_of(const struct op_site *at)
{
  const struct average *a = at->attr;
  const int *in = at->in[0].shape.dim + 2, *out = at->ys.dim + 2;
  return (struct window_gather){
      .window = &a->window, .in = {in[0], in[1]}, .out = {out[0], out[1]}};
}

static size_t work_bytes(const struct op_site *at)
{
  const struct window_gather g = gather_of(at);
  const struct band x = band_of_windows(g.window, g.in, g.out);
  const size_t out = up((size_t)g.out[0] * (size_t)g.out[1]);
  const size_t forwards = band_count(&x) * sizeof(real);
  const size_t backwards = out * sizeof(real) + window_gather_bytes(&g);
  return 2 * (size_t)g.out[1] * sizeof(double) + (forwards > backwards ? forwards : backwards);
}

static struct state state_of(const struct op_site *at, void *work)
{
  const struct average *a = at->attr;
  struct state s = {
      .average = a, .in = at->in[0].shape.dim + 2, .out = at->ys.dim + 2, .sum = work};
  s.columns = s.sum + s.out[1];
  s.x = band_of_windows(&a->window, s.in, s.out);
  s.x.rows = s.share = (real *)(s.columns + s.out[1]);
  s.gather = s.share + up((size_t)s.out[0] * (size_t)s.out[1]);
  for (int o = 0; o < s.out[1]; o++)
    s.columns[o] = counted(a, 1, o, s.in[1], window_taps(&a->window, 1, o, s.in[1]));
  return s;
}

/** Rows that the mean of output row o counts. */
static double rows_of(const struct state *s, int o)
{
  const struct window *w = &s->average->window;
  return counted(s->average, 0, o, s->in[0], window_taps(w, 0, o, s->in[0]));
}

SIMD_PART void add_cell(const real *restrict x, int n, int stride, double *restrict sum)
{
  for (int o = 0; o < n; o++) sum[o] += (double)x[(int64_t)o * stride];
}

/** One row of means; x is the row of the band at which their windows begin.  In double, row by row. */
SIMD_PART void forward_row(const struct state *s, const real *x, double rows, int stride,
                           real *restrict y)
{
  const struct window *w = &s->average->window;
  const int n = s->out[1];
  for (int o = 0; o < n; o++) s->sum[o] = 0.0;
  for (int kh = 0; kh < w->kernel[0]; kh++, x += s->x.pitch)
    for (int kw = 0; kw < w->kernel[1]; kw++) add_cell(x + kw - w->begin[1], n, stride, s->sum);
  for (int o = 0; o < n; o++) y[o] = (real)(s->sum[o] / (rows * s->columns[o]));
}

SIMD_PART void forward_planes(const struct state *s, const real *x, int64_t planes, int stride,
                              real *y)
{
  const struct window *w = &s->average->window;
  const int64_t in = (int64_t)s->in[0] * s->in[1];
  const int height = band_outputs(&s->x, w);
  struct band_source from = {.x = x, .total = planes * in, .in = s->in, .outside = REAL(0.0)};
  for (int64_t i = 0; i < planes; i++) {
    from.plane = i * in;
    for (int oh = 0, r = 0, done = 0; oh < s->out[0]; oh++, r = (r + 1) % height) {
      if (r == 0) from.first = window_start(w, 0, oh);
      done = band_copy(&s->x, &from, r ? done : 0, r * w->stride[0] + band_reach(w));
      forward_row(s, band_row(&s->x, r * w->stride[0]), rows_of(s, oh), stride, y);
      y += s->out[1];
    }
  }
}

SIMD static void forward_all(const struct state *s, const real *x, int64_t planes, real *y)
{
  const int stride = s->average->window.stride[1];
  band_fill(&s->x, REAL(0.0));
  if (stride == 1) {
    forward_planes(s, x, planes, 1, y);
  } else if (stride == 2) {
    forward_planes(s, x, planes, 2, y);
  } else {
    forward_planes(s, x, planes, stride, y);
  }
}

static void forward(const struct op_fwd *c)
{
  const struct state s = state_of(c->at, c->work);
  forward_all(&s, c->x[0], (int64_t)c->at->ys.dim[1] * c->at->batch, c->y);
}

/** share = dy / cells, one plane. */
SIMD static void set_share(const struct state *s, const real *restrict dy, real *restrict share)
{
  for (int oh = 0; oh < s->out[0]; oh++) {
    const double rows = rows_of(s, oh);
    for (int o = 0; o < s->out[1]; o++) share[o] = (real)((double)dy[o] / (rows * s->columns[o]));
    dy += s->out[1];
    share += s->out[1];
  }
}

static void backward(const struct op_bwd *c)
{
  const struct state s = state_of(c->at, c->work);
  const int64_t planes = (int64_t)c->at->ys.dim[1] * c->at->batch;
  const int64_t out = (int64_t)s.out[0] * s.out[1];
  struct window_gather g = gather_of(c->at);
  if (!c->dx[0]) return;
  g.dy = s.share;
  g.dy_total = out;
  g.dx = c->dx[0];
  g.dx_total = planes * s.in[0] * s.in[1];
  g.set = op_sets(c, 0);
  g.work = s.gather;
  for (int64_t i = 0; i < planes; i++) {
    set_share(&s, c->dy + i * out, s.share);
    window_gather(&g, 0, i, 1);
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
    .work_bytes = work_bytes,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
