/** @file
 *  RectGrad: at every activation y = f(x) the signal R passes only where y R is above its q-th percentile
 *  over the layer of that sample; f' plays no part.
 *
 *    dx += R [y R > tau],  tau = the q-th percentile of y R
 *
 *  Variants: `abs` compares y |R| (RectGradAbs); `linear` interpolates the percentile between its
 *  neighbours, where the authors' TensorFlow takes the nearest; `constant` takes tau itself;
 *  `proportional` shares the signal of a maximum among its window in proportion to x; `ring` makes the
 *  signal zero on the outermost ring of what a padded convolution put out, as the authors' code does.
 *  The published map multiplies by the input, its modification (Brocki, Chung 2020) does not: that is the
 *  extract, `scaling` or `bias`, not the rule.
 *  Source: Kim et al. 2019, arXiv:1902.04893; METHODS 2.2, 3.1. */
#include "core/arena.h"
#include "core/conv.h"
#include "core/elementwise.h"
#include "core/order_statistic.h"
#include "core/rule.h"
#include "core/simd.h"

#include <math.h>
#include <string.h>

enum { Q, ABS, LINEAR, CONSTANT, PROPORTIONAL, RING };

/* A constant of 0 is guided backpropagation; below any product of floats: percentiles are used. */
#define NO_CONSTANT (-1e39)

static const struct param params[] = {
    PARAM("q", 98.0, 0.0, 100.0, "percentile of y R below which nothing passes"),
    PARAM_WHOLE("abs", 0.0, 0.0, 1.0, "1: compare y |R|"),
    PARAM_WHOLE("linear", 0.0, 0.0, 1.0, "1: percentile interpolated, 0: nearest"),
    PARAM("constant", NO_CONSTANT, NO_CONSTANT, 1e38, "threshold instead of a percentile"),
    PARAM_WHOLE("proportional", 0.0, 0.0, 1.0, "1: max pooling in proportion"),
    PARAM_WHOLE("ring", 0.0, 0.0, 1.0,
                "1: no signal from the border of convolutions that are padded, or 1x1"),
    {0}};

/** y R, or y |R|, of one sample: planes of `inner` numbers, `step` apart. */
static void products_of(const real *y, const real *dy, int channels, int64_t inner, int64_t step,
                        bool absolute, real *p)
{
  for (int k = 0; k < channels; k++) {
    for (int64_t u = 0; u < inner; u++) {
      const real r = dy[k * step + u];
      p[k * inner + u] = y[k * step + u] * (absolute && r < REAL(0.0) ? -r : r);
    }
  }
}

static void pass_above(const real *p, real tau, const real *dy, int channels, int64_t inner,
                       int64_t step, bool set, real *dx)
{
  for (int k = 0; k < channels; k++) {
    for (int64_t u = 0; u < inner; u++) {
      const int64_t i = k * step + u;
      /* a threshold that is not a number shows in the result */
      const real r = p[k * inner + u] > tau ? dy[i] : isnan(tau) ? tau : REAL(0.0);
      dx[i] = set ? r : dx[i] + r;
    }
  }
}

static size_t rectify_work(const struct rule_site *r)
{
  return 2 * arena_reals(shape_count(&r->at->ys));
}

static void rectify(const struct op_bwd *c)
{
  const double *param = c->rule->use->with.param;
  const int channels = shape_channels(&c->at->ys);
  const int64_t inner = shape_inner(&c->at->ys), n = channels * inner, step = inner * c->at->batch;
  real *p = c->work, *sorted = (real *)(void *)((unsigned char *)c->work + arena_reals(n));
  if (!c->dx[0]) return;
  for (int b = 0; b < c->at->batch; b++) {
    const int64_t first = b * inner;
    real tau = (real)param[CONSTANT];
    products_of(c->y + first, c->dy + first, channels, inner, step, param[ABS] != 0.0, p);
    if (param[CONSTANT] == NO_CONSTANT) {
      memcpy(sorted, p, (size_t)n * sizeof *p);
      tau = order_percentile(sorted, n, param[Q], param[LINEAR] != 0.0);
    }
    pass_above(p, tau, c->dy + first, channels, inner, step, op_sets(c, 0), c->dx[0] + first);
  }
}

/** Of one plane: each window's signal is shared among its cells in proportion to x. */
static void share_plane(const struct op_bwd *c, const real *x, const real *dy, real *dx)
{
  const struct window *w = c->at->attr;
  const int *in = c->at->in[0].shape.dim + 2, *out = c->at->ys.dim + 2;
  for (int o = 0; o < out[0] * out[1]; o++) {
    const int at[2] = {o / out[1], o % out[1]};
    const struct window_range rows = window_taps(w, 0, at[0], in[0]);
    const struct window_range columns = window_taps(w, 1, at[1], in[1]);
    const int top = window_start(w, 0, at[0]), left = window_start(w, 1, at[1]);
    const int cells = (rows.last - rows.first) * (columns.last - columns.first);
    double sum = 1e-10 * cells; /* 1e-10 beside the mean */
    for (int i = rows.first; i < rows.last; i++) {
      const int64_t row = top + (int64_t)i * w->dilation[0];
      for (int j = columns.first; j < columns.last; j++)
        sum += (double)x[row * in[1] + left + (int64_t)j * w->dilation[1]];
    }
    const double share = (double)dy[o] / sum;
    for (int i = rows.first; i < rows.last; i++) {
      const int64_t row = top + (int64_t)i * w->dilation[0];
      for (int j = columns.first; j < columns.last; j++) {
        const int64_t u = row * in[1] + left + (int64_t)j * w->dilation[1];
        dx[u] += (real)((double)x[u] * share);
      }
    }
  }
}

static void pool(const struct op_bwd *c)
{
  const struct op *op = c->rule->op;
  const int *in = c->at->in[0].shape.dim, *out = c->at->ys.dim;
  const int64_t planes = (int64_t)in[1] * c->at->batch;
  if (c->rule->use->with.param[PROPORTIONAL] == 0.0) {
    op->backward(c);
    return;
  }
  if (!c->dx[0]) return;
  if (op_sets(c, 0)) memset(c->dx[0], 0, (size_t)(planes * in[2] * in[3]) * sizeof(real));
  for (int64_t i = 0; i < planes; i++) {
    share_plane(c, c->x[0] + i * in[2] * in[3], c->dy + i * out[2] * out[3],
                c->dx[0] + i * in[2] * in[3]);
  }
}

static size_t own_work(const struct rule_site *r)
{
  return r->op->work_bytes ? r->op->work_bytes(r->at) : 0;
}

static size_t conv_work(const struct rule_site *r)
{
  return arena_reals(shape_count(&r->at->ys) * r->at->batch) + own_work(r);
}

/** Padded so that the output is as large as the input at stride 1; planes of one or two rows would lose
 *  everything. */
static bool has_ring(const struct op_site *at)
{
  const struct conv *a = at->attr;
  const struct window *w = &a->window;
  for (int i = 0; i < 2; i++) {
    const int64_t same = (int64_t)w->dilation[i] * (w->kernel[i] - 1);
    if (w->stride[i] == 1 && w->begin[i] + w->end[i] != same) return false;
    if (a->out[i] <= 2) return false;
  }
  for (int i = 0; i < 2; i++)
    if (w->stride[i] > 1 && w->kernel[i] > 1 && w->begin[i] + w->end[i] == 0) return false;
  return true;
}

static void conv(const struct op_bwd *c)
{
  const struct op *op = c->rule->op;
  struct op_bwd own = *c;
  real *dy = c->work;
  const int height = c->at->ys.dim[2], width = c->at->ys.dim[3];
  const int64_t n = shape_count(&c->at->ys) * c->at->batch;
  if (c->rule->use->with.param[RING] != 0.0 && has_ring(c->at)) {
    for (int64_t i = 0; i < n; i++) {
      const int64_t x = i % width, y = i / width % height;
      dy[i] = x && y && x + 1 < width && y + 1 < height ? c->dy[i] : REAL(0.0);
    }
    own.dy = dy;
  }
  own.work = (unsigned char *)c->work + arena_reals(n);
  op->backward(&own);
}

static const struct override overrides[] = {
    {.op = "MaxPool",
     .backward = pool,
     .reads = OP_READS_X | OP_READS_OWN,
     .can_set = true,
     .work_bytes = own_work},
    {.op = "Conv",
     .backward = conv,
     .reads = OP_READS_OWN,
     .can_set = true,
     .work_bytes = conv_work},
    {.role = OP_POINTWISE,
     .backward = rectify,
     .reads = OP_READS_Y,
     .can_set = true,
     .work_bytes = rectify_work},
    {0},
};

const struct rule rule_rectgrad = {
    .name = "rectgrad",
    .formula = "at an activation y: dx = dy [y dy > tau], tau the q-th percentile of y dy over the "
               "layer of that sample",
    .limits = "what falls below the percentile; with the input's product, dark parts",
    .source = "Kim et al. 2019, arXiv:1902.04893, eq. 6",
    .params = params,
    .overrides = overrides,
};
