/** @file
 *  Depthwise convolution: one input channel a group.  A plane (one channel of one sample) is copied
 *  with its padding, so that the loops over it have no borders.  Backward is a correlation too: of
 *  dy, spread out by the stride with zeros between, with the kernel turned round:
 *
 *    dx[h] = sum_k w[k] d[h + begin - k dilation],   d[o stride] = dy[o], 0 elsewhere */
#include "core/conv.h"
#include "core/simd.h"

#include <string.h>

/** A correlation of one plane:  out[o] (+)= sum_k w[k] plane[o stride + k dilation]. */
struct correlation {
  int kernel[2], dilation[2], stride[2], out[2];
  int width; /* of the plane */
};

/* Elements of a plane beyond which padding is better never written down. */
enum { MAX_PLANE = 1 << 26 };

static int reach(const struct conv *a, int axis)
{
  return (a->window.kernel[axis] - 1) * a->window.dilation[axis] + 1;
}

/** Extents of the padded plane of the forward pass. */
static int padded(const struct conv *a, int axis)
{
  return a->in[axis] + a->window.begin[axis] + a->window.end[axis];
}

/** Extents of the spread plane of the backward pass. */
static int spread(const struct conv *a, int axis)
{
  return a->in[axis] + reach(a, axis) - 1;
}

/** Elements of the larger of the two planes. */
static int64_t plane_elements(const struct conv *a)
{
  const int64_t p = (int64_t)padded(a, 0) * padded(a, 1), s = (int64_t)spread(a, 0) * spread(a, 1);
  return p > s ? p : s;
}

static bool fits(const struct conv *a)
{
  return a->groups > 1 && a->groups == a->channels && plane_elements(a) <= MAX_PLANE;
}

/** Room for either plane, and for one kernel turned round. */
static size_t work_bytes(const struct conv *a, int batch)
{
  (void)batch;
  const int64_t area = (int64_t)a->window.kernel[0] * a->window.kernel[1];
  return (size_t)(plane_elements(a) + area) * sizeof(real);
}

/** out += 3 x 3 kernel, one row; p, q, r are the three rows of the plane. */
static inline void row_3x3(const real *restrict w, const real *restrict p, const real *restrict q,
                           const real *restrict r, int stride, int n, real *restrict out)
{
  for (int i = 0; i < n; i++) {
    const int j = i * stride;
    const real top = w[0] * p[j] + w[1] * p[j + 1] + w[2] * p[j + 2];
    const real middle = w[3] * q[j] + w[4] * q[j + 1] + w[5] * q[j + 2];
    const real bottom = w[6] * r[j] + w[7] * r[j + 1] + w[8] * r[j + 2];
    out[i] += top + middle + bottom;
  }
}

static void row_any(const struct correlation *s, const real *restrict w, const real *restrict row,
                    real *restrict out)
{
  const int stride = s->stride[1];
  for (int kh = 0; kh < s->kernel[0]; kh++) {
    for (int kw = 0; kw < s->kernel[1]; kw++) {
      const real a = *w++;
      const real *restrict p =
          row + (int64_t)kh * s->dilation[0] * s->width + (int64_t)kw * s->dilation[1];
      if (stride == 1) {
        for (int i = 0; i < s->out[1]; i++) out[i] += a * p[i];
      } else {
        for (int i = 0; i < s->out[1]; i++) out[i] += a * p[(int64_t)i * stride];
      }
    }
  }
}

/** Accumulate a correlation into out [rows, columns]. */
SIMD static void correlate(const struct correlation *s, const real *w, const real *plane, real *out)
{
  const bool small = s->kernel[0] == 3 && s->kernel[1] == 3 && s->dilation[1] == 1;
  const int64_t down = (int64_t)s->dilation[0] * s->width;
  for (int o = 0; o < s->out[0]; o++) {
    const real *row = plane + (int64_t)o * s->stride[0] * s->width;
    real *to = out + (int64_t)o * s->out[1];
    if (small && s->stride[1] == 1) {
      row_3x3(w, row, row + down, row + 2 * down, 1, s->out[1], to);
    } else if (small && s->stride[1] == 2) {
      row_3x3(w, row, row + down, row + 2 * down, 2, s->out[1], to);
    } else {
      row_any(s, w, row, to);
    }
  }
}

/** plane = x with its padding. */
static void pad(const struct conv *a, const real *restrict x, real *restrict plane)
{
  const int width = padded(a, 1);
  memset(plane, 0, (size_t)padded(a, 0) * (size_t)width * sizeof *plane);
  plane += (int64_t)a->window.begin[0] * width + a->window.begin[1];
  for (int h = 0; h < a->in[0]; h++)
    memcpy(plane + (int64_t)h * width, x + (int64_t)h * a->in[1], (size_t)a->in[1] * sizeof *x);
}

/** plane = dy spread out:  plane[o stride - begin + reach - 1] = dy[o]. */
static void spread_out(const struct conv *a, const real *restrict dy, real *restrict plane)
{
  const int height = spread(a, 0), width = spread(a, 1), stride = a->window.stride[1];
  const int top = reach(a, 0) - 1 - a->window.begin[0], left = reach(a, 1) - 1 - a->window.begin[1];
  const struct window_range columns = window_inside(left, stride, width, a->out[1]);
  memset(plane, 0, (size_t)height * (size_t)width * sizeof *plane);
  for (int o = 0; o < a->out[0]; o++) {
    const int h = o * a->window.stride[0] + top;
    if (h < 0 || h >= height) continue;
    const real *restrict from = dy + (int64_t)o * a->out[1];
    real *restrict to = plane + (int64_t)h * width;
    for (int i = columns.first; i < columns.last; i++) to[i * stride + left] = from[i];
  }
}

static void forward(const struct op_fwd *c)
{
  const struct conv *a = c->at->attr;
  const struct window *w = &a->window;
  const int each = a->outputs / a->channels, area = w->kernel[0] * w->kernel[1];
  const int64_t in = (int64_t)a->in[0] * a->in[1], out = (int64_t)a->out[0] * a->out[1];
  const struct correlation s = {{w->kernel[0], w->kernel[1]},
                                {w->dilation[0], w->dilation[1]},
                                {w->stride[0], w->stride[1]},
                                {a->out[0], a->out[1]},
                                padded(a, 1)};
  for (int k = 0; k < a->channels; k++) {
    for (int b = 0; b < c->at->batch; b++) {
      pad(a, c->x[CONV_X] + ((int64_t)k * c->at->batch + b) * in, c->work);
      for (int m = k * each; m < (k + 1) * each; m++) {
        real *restrict y = c->y + ((int64_t)m * c->at->batch + b) * out;
        const real bias = conv_bias(c->at, c->x, m);
        for (int64_t i = 0; i < out; i++) y[i] = bias;
        correlate(&s, c->x[CONV_W] + (int64_t)m * area, c->work, y);
      }
    }
  }
}

static void backward(const struct op_bwd *c)
{
  const struct conv *a = c->at->attr;
  const struct window *w = &a->window;
  const int each = a->outputs / a->channels, area = w->kernel[0] * w->kernel[1];
  const int64_t in = (int64_t)a->in[0] * a->in[1], out = (int64_t)a->out[0] * a->out[1];
  const struct correlation s = {{w->kernel[0], w->kernel[1]},
                                {w->dilation[0], w->dilation[1]},
                                {1, 1},
                                {a->in[0], a->in[1]},
                                spread(a, 1)};
  real *turned = c->work, *plane = turned + area;
  for (int m = 0; m < a->outputs; m++) {
    for (int i = 0; i < area; i++) turned[i] = c->x[CONV_W][(int64_t)m * area + (area - 1 - i)];
    for (int b = 0; b < c->at->batch; b++) {
      spread_out(a, c->dy + ((int64_t)m * c->at->batch + b) * out, plane);
      correlate(&s, turned, plane, c->dx[CONV_X] + ((int64_t)(m / each) * c->at->batch + b) * in);
    }
  }
}

const struct conv_kernel conv_depthwise = {
    .name = "depthwise",
    .fits = fits,
    .work_bytes = work_bytes,
    .forward = forward,
    .backward = backward,
};
