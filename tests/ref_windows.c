/** @file
 *  Naive convolution and pools. */
#include "ref_impl.h"

#include <math.h>
#include <string.h>

/** One axis of a window, from the attributes. */
struct axis {
  int in, out, kernel, stride, dilation, before, after;
};

static int ceil_quotient(int a, int b)
{
  return (a + b - 1) / b;
}

static struct axis axis_of(const struct ref_call *c, int i, int kernel)
{
  const struct attr *mode = attr_find(c->attrs, "auto_pad");
  struct axis a = {.in = c->in[0].dim[2 + i],
                   .kernel = kernel,
                   .stride = ref_ints(c, "strides", i, 1),
                   .dilation = ref_ints(c, "dilations", i, 1)};
  const int reach = (kernel - 1) * a.dilation + 1;
  if (mode && !strncmp(mode->s, "SAME", 4)) {
    a.out = ceil_quotient(a.in, a.stride);
    const int want = (a.out - 1) * a.stride + reach - a.in, total = want > 0 ? want : 0;
    a.before = strcmp(mode->s, "SAME_UPPER") ? total - total / 2 : total / 2;
    a.after = total - a.before;
    return a;
  }
  const bool valid = mode && !strcmp(mode->s, "VALID");
  a.before = valid ? 0 : ref_ints(c, "pads", i, 0);
  a.after = valid ? 0 : ref_ints(c, "pads", i + 2, 0);
  const int room = a.in + a.before + a.after - reach;
  a.out = room / a.stride + 1;
  if (!valid && ref_int(c, "ceil_mode", 0)) {
    a.out = ceil_quotient(room, a.stride) + 1;
    if ((a.out - 1) * a.stride >= a.in + a.before) a.out--;
  }
  return a;
}

/** Input position of kernel position k of output o, or -1 in the padding. */
static int position(const struct axis *a, int o, int k)
{
  const int p = o * a->stride + k * a->dilation - a->before;
  return p < a->in ? p : -1;
}

/** Sum of the products over one receptive field; *size: of their absolute values. */
static double field(const struct ref_call *c, const struct axis a[2], const int64_t i[4],
                    double *size)
{
  const struct ref_tensor *x = &c->in[0], *w = &c->in[1];
  const int groups = (int)ref_int(c, "group", 1), each = w->dim[0] / groups;
  double sum = ref_given(c, 2) ? c->in[2].v[i[1]] : 0.0;
  *size = fabs(sum);
  for (int k = 0; k < w->dim[1]; k++) {
    for (int r = 0; r < w->dim[2]; r++) {
      for (int s = 0; s < w->dim[3]; s++) {
        const int h = position(&a[0], (int)i[2], r), v = position(&a[1], (int)i[3], s);
        if (h < 0 || v < 0) continue;
        const int64_t channel = i[1] / each * w->dim[1] + k;
        const double term = w->v[((i[1] * w->dim[1] + k) * w->dim[2] + r) * w->dim[3] + s] *
                            x->v[((i[0] * x->dim[1] + channel) * x->dim[2] + h) * x->dim[3] + v];
        sum += term;
        *size += fabs(term);
      }
    }
  }
  return sum;
}

static void unravel(const struct ref_tensor *t, int64_t n, int64_t i[4])
{
  for (int d = 3; d >= 0; d--) {
    i[d] = n % t->dim[d];
    n /= t->dim[d];
  }
}

void ref_conv(struct ref_call *c)
{
  const struct ref_tensor *w = &c->in[1];
  const struct axis a[2] = {axis_of(c, 0, w->dim[2]), axis_of(c, 1, w->dim[3])};
  c->y = (struct ref_tensor){.rank = 4, .dim = {c->in[0].dim[0], w->dim[0], a[0].out, a[1].out}};
  ref_make_y(c);
  c->terms = (int)ref_count(w, 1, 4) + 1;
  for (int64_t n = 0; n < ref_count(&c->y, 0, 4); n++) {
    int64_t i[4];
    unravel(&c->y, n, i);
    c->y.v[n] = field(c, a, i, &c->scale[n]);
  }
}

/** What a pool makes of one window. */
struct pooled {
  double max, sum, size;
  int inside;
};

static struct pooled pool(const struct ref_tensor *x, const struct axis a[2], const int64_t i[4])
{
  struct pooled p = {.max = -INFINITY};
  for (int r = 0; r < a[0].kernel; r++) {
    for (int s = 0; s < a[1].kernel; s++) {
      const int h = position(&a[0], (int)i[2], r), w = position(&a[1], (int)i[3], s);
      if (h < 0 || w < 0) continue;
      const double v = x->v[((i[0] * x->dim[1] + i[1]) * x->dim[2] + h) * x->dim[3] + w];
      p.max = fmax(p.max, v);
      p.sum += v;
      p.size += fabs(v);
      p.inside++;
    }
  }
  return p;
}

/** Kernel positions of output o before the end of the padding. */
static int within_padding(const struct axis *a, int o)
{
  int n = 0;
  for (int k = 0; k < a->kernel; k++) n += o * a->stride + k < a->before + a->in + a->after;
  return n;
}

static void pooling(struct ref_call *c, bool average)
{
  const struct axis a[2] = {axis_of(c, 0, ref_ints(c, "kernel_shape", 0, 0)),
                            axis_of(c, 1, ref_ints(c, "kernel_shape", 1, 0))};
  c->y =
      (struct ref_tensor){.rank = 4, .dim = {c->in[0].dim[0], c->in[0].dim[1], a[0].out, a[1].out}};
  ref_make_y(c);
  c->terms = average ? a[0].kernel * a[1].kernel + 2 : 0;
  for (int64_t n = 0; n < ref_count(&c->y, 0, 4); n++) {
    int64_t i[4];
    unravel(&c->y, n, i);
    const struct pooled p = pool(&c->in[0], a, i);
    const int padded = within_padding(&a[0], (int)i[2]) * within_padding(&a[1], (int)i[3]);
    const int cells = ref_int(c, "count_include_pad", 0) ? padded : p.inside;
    c->y.v[n] = average ? p.sum / cells : p.max;
    c->scale[n] = average ? p.size / cells : 0.0;
  }
}

void ref_average(struct ref_call *c)
{
  pooling(c, true);
}
void ref_max(struct ref_call *c)
{
  pooling(c, false);
}

/** Index in x of the winner of the window of output i: the first of the largest in row-major order, or
 *  the last NaN. */
static int64_t winner(const struct ref_tensor *x, const struct axis a[2], const int64_t i[4])
{
  int64_t best = -1;
  for (int r = 0; r < a[0].kernel; r++) {
    for (int s = 0; s < a[1].kernel; s++) {
      const int h = position(&a[0], (int)i[2], r), w = position(&a[1], (int)i[3], s);
      if (h < 0 || w < 0) continue;
      const int64_t at = ((i[0] * x->dim[1] + i[1]) * x->dim[2] + h) * x->dim[3] + w;
      if (best < 0 || x->v[at] > x->v[best] || isnan(x->v[at])) best = at;
    }
  }
  return best;
}

void ref_max_backward(const struct ref_call *c, const double *dy, double *dx)
{
  const struct axis a[2] = {axis_of(c, 0, ref_ints(c, "kernel_shape", 0, 0)),
                            axis_of(c, 1, ref_ints(c, "kernel_shape", 1, 0))};
  for (int64_t n = 0; n < ref_count(&c->y, 0, 4); n++) {
    int64_t i[4];
    unravel(&c->y, n, i);
    dx[winner(&c->in[0], a, i)] += dy[n];
  }
}
