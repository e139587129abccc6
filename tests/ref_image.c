/** @file
 *  Naive operators over images: transposed convolution, local response normalisation, resizing. */
#include "ref_impl.h"

#include <math.h>
#include <string.h>

/** One axis of a transposed convolution: output o gets input i by kernel element k where
 *  o = i stride + k dilation - begin. */
struct reach {
  int out, stride, dilation, begin;
};

static struct reach reach_of(const struct ref_call *c, int i)
{
  const struct attr *mode = attr_find(c->attrs, "auto_pad"),
                    *shape = attr_find(c->attrs, "output_shape");
  const int in = c->in[0].dim[2 + i], kernel = c->in[1].dim[2 + i];
  struct reach r = {.stride = ref_ints(c, "strides", i, 1),
                    .dilation = ref_ints(c, "dilations", i, 1)};
  const int full =
      (in - 1) * r.stride + (kernel - 1) * r.dilation + 1 + ref_ints(c, "output_padding", i, 0);
  r.begin = ref_ints(c, "pads", i, 0);
  r.out = full - r.begin - ref_ints(c, "pads", i + 2, 0);
  const bool same = mode && !strncmp(mode->s, "SAME", 4);
  if (!same && !shape) return r;
  r.out = shape ? (int)shape->ints[i] : in * r.stride;
  const int total = full - r.out > 0 ? full - r.out : 0;
  r.begin = mode && !strcmp(mode->s, "SAME_UPPER") ? total / 2 : total - total / 2;
  return r;
}

/** Add what input element `i` gives by kernel element (h, w) of output channel m of its group. */
static void scatter(struct ref_call *c, const struct reach r[2], const int64_t *i, int m, int h,
                    int w)
{
  const struct ref_tensor *x = &c->in[0], *k = &c->in[1];
  const int64_t group = i[1] / (x->dim[1] / ref_int(c, "group", 1));
  const int64_t oh = i[2] * r[0].stride + (int64_t)h * r[0].dilation - r[0].begin;
  const int64_t ow = i[3] * r[1].stride + (int64_t)w * r[1].dilation - r[1].begin;
  if (oh < 0 || oh >= r[0].out || ow < 0 || ow >= r[1].out) return;
  const int64_t at[4] = {0, group * k->dim[1] + m, oh, ow}, of[4] = {i[1], m, h, w};
  const double term = x->v[ref_ravel(x, i)] * k->v[ref_ravel(k, of)];
  c->y.v[ref_ravel(&c->y, at)] += term;
  c->scale[ref_ravel(&c->y, at)] += fabs(term);
}

void ref_conv_transpose(struct ref_call *c)
{
  const struct ref_tensor *x = &c->in[0], *k = &c->in[1];
  const struct reach r[2] = {reach_of(c, 0), reach_of(c, 1)};
  const int channels = k->dim[1] * (int)ref_int(c, "group", 1);
  c->y = (struct ref_tensor){4, {x->dim[0], channels, r[0].out, r[1].out}, NULL, NULL};
  ref_make_y(c);
  c->terms = x->dim[1] * k->dim[2] * k->dim[3] + 1;
  for (int64_t n = 0; n < ref_count(x, 0, 4); n++) {
    int64_t i[REF_RANK];
    ref_unravel(x, n, i);
    for (int m = 0; m < k->dim[1]; m++) {
      for (int h = 0; h < k->dim[2]; h++)
        for (int w = 0; w < k->dim[3]; w++) scatter(c, r, i, m, h, w);
    }
  }
  for (int64_t n = 0; ref_given(c, 2) && n < ref_count(&c->y, 0, 4); n++) {
    const double bias = c->in[2].v[n / ((int64_t)r[0].out * r[1].out)];
    c->y.v[n] += bias;
    c->scale[n] += fabs(bias);
  }
}

void ref_lrn(struct ref_call *c)
{
  ref_like_input(c);
  const double alpha = ref_float(c, "alpha", (double)1e-4F), beta = ref_float(c, "beta", 0.75);
  const int64_t plane = ref_count(&c->y, 2, c->y.rank), size = ref_int(c, "size", 1);
  c->terms = 4 + (int)size;
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    double sum = 0.0;
    for (int64_t k = -((size - 1) / 2); k <= size / 2; k++) {
      const int64_t channel = i / plane + k;
      if (channel >= 0 && channel < c->y.dim[1]) sum += pow(c->in[0].v[i + k * plane], 2);
    }
    c->y.v[i] = c->in[0].v[i] / pow(ref_float(c, "bias", 1.0) + alpha / (double)size * sum, beta);
    c->scale[i] = fabs(c->y.v[i]);
  }
}

/** How Resize or Upsample looks at one axis. */
struct look {
  double scale;
  int in, out;
};

static double place(const struct ref_call *c, const struct look *l, double o)
{
  const struct attr *a = attr_find(c->attrs, "coordinate_transformation_mode");
  const bool old = c->opset < 11;
  const char *how = a ? a->s : old ? "asymmetric" : "half_pixel";
  const double half = (o + 0.5) / l->scale - 0.5;
  if (l->scale == 1.0 && l->out == l->in) return o; /* an axis that is not resized */
  if (!strcmp(how, "align_corners")) return l->out == 1 ? 0.0 : o * (l->in - 1) / (l->out - 1);
  if (!strcmp(how, "asymmetric")) return o / l->scale;
  if (!strcmp(how, "tf_half_pixel_for_nn")) return half + 0.5;
  if (!strcmp(how, "pytorch_half_pixel")) return l->out > 1 ? half : 0.0;
  if (strcmp(how, "half_pixel_symmetric") != 0) return half;
  const double centre = l->in / 2.0, adjusted = l->out / (l->scale * l->in);
  return centre * (1.0 - adjusted) + half;
}

static double to_nearest(const struct ref_call *c, double p)
{
  const struct attr *a = attr_find(c->attrs, "nearest_mode");
  const char *how = a ? a->s : c->opset < 11 ? "floor" : "round_prefer_floor";
  if (!strcmp(how, "floor")) return floor(p);
  if (!strcmp(how, "ceil")) return ceil(p);
  const bool tie = p - floor(p) == 0.5;
  return tie ? (strcmp(how, "round_prefer_ceil") ? floor(p) : ceil(p)) : floor(p + 0.5);
}

static double border(double k, const struct look *l)
{
  return k < 0 ? 0 : k > l->in - 1 ? l->in - 1 : k;
}

/** The sum of the sizes of the terms of `keys`: what its rounding is relative to. */
static double keys_size(double a, double t)
{
  t = fabs(t);
  a = fabs(a);
  return t <= 1 ? (a + 2) * t * t * t + (a + 3) * t * t + 1
                : a * t * t * t + 5 * a * t * t + 8 * a * t + 4 * a;
}

static double keys(double a, double t)
{
  t = fabs(t);
  return t <= 1  ? (a + 2) * t * t * t - (a + 3) * t * t + 1
         : t < 2 ? a * t * t * t - 5 * a * t * t + 8 * a * t - 4 * a
                 : 0;
}

/** One of the inputs that an output looks at along a dimension: where, its weight, and the sum of the
 *  sizes of the weight's terms. */
struct tap {
  int64_t at;
  double weight, size;
};

static char mode_of(const struct ref_call *c)
{
  const struct attr *mode = attr_find(c->attrs, "mode");
  return (char)(mode ? *mode->s : 'n');
}

static struct tap tap_of(const struct ref_call *c, const struct look *l, int64_t o, int t)
{
  const char mode = mode_of(c);
  const double a = ref_float(c, "cubic_coeff_a", -0.75), p = place(c, l, (double)o);
  const double k = mode == 'n' ? to_nearest(c, p) : floor(p) + t - (mode == 'c');
  const bool outside = k < 0 || k > l->in - 1;
  struct tap tap = {(int64_t)border(k, l), 1.0, 1.0};
  if (mode == 'l') tap.weight = tap.size = 1 - fabs(k - p);
  if (mode == 'c') tap.weight = keys(a, k - p);
  if (mode == 'c') tap.size = keys_size(a, k - p);
  if (outside && ref_int(c, "exclude_outside", 0)) tap.weight = tap.size = 0.0;
  return tap;
}

/** x at all combinations of what output `o` looks at along the dimensions, weighted. */
static double sample(const struct ref_call *c, const struct look *looks, const int64_t *o,
                     double *size)
{
  const char mode = mode_of(c);
  const int taps = mode == 'c' ? 4 : mode == 'l' ? 2 : 1;
  double sum = 0.0, weights = 0.0;
  int combinations = 1;
  *size = 0.0;
  for (int d = 0; d < c->y.rank; d++) combinations *= taps;
  for (int i = 0; i < combinations; i++) {
    int64_t at[REF_RANK] = {0};
    double w = 1.0, s = 1.0;
    for (int d = 0, rest = i; d < c->y.rank; d++, rest /= taps) {
      const struct tap tap = tap_of(c, &looks[d], o[d], rest % taps);
      at[d] = tap.at;
      w *= tap.weight;
      s *= tap.size;
    }
    sum += w * c->in[0].v[ref_ravel(&c->in[0], at)];
    *size += s * fabs(c->in[0].v[ref_ravel(&c->in[0], at)]);
    weights += w;
  }
  *size /= weights;
  return sum / weights;
}

static void resample(struct ref_call *c, const struct look *looks)
{
  c->y = c->in[0];
  for (int d = 0; d < c->y.rank; d++) c->y.dim[d] = looks[d].out;
  ref_make_y(c);
  c->terms = 6 * c->y.rank;
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    int64_t o[REF_RANK] = {0};
    ref_unravel(&c->y, i, o);
    c->y.v[i] = sample(c, looks, o, &c->scale[i]);
  }
}

void ref_resize(struct ref_call *c)
{
  struct look looks[REF_RANK];
  const struct attr *axes = attr_find(c->attrs, "axes");
  const int rank = c->in[0].rank;
  const bool sizes = c->n_in > 3 && c->in[3].ints;
  const double *scales = c->opset < 11 ? c->in[1].v : c->n_in > 2 ? c->in[2].v : NULL;
  for (int d = 0; d < rank; d++) looks[d] = (struct look){1.0, c->in[0].dim[d], c->in[0].dim[d]};
  for (int k = 0; k < (axes ? axes->n : rank); k++) {
    struct look *l = &looks[axes ? (axes->ints[k] + rank) % rank : k];
    l->scale = sizes ? (double)c->in[3].ints[k] / l->in : scales ? scales[k] : 1.0;
    l->out = sizes ? (int)c->in[3].ints[k] : (int)floor(l->in * l->scale);
  }
  resample(c, looks);
}

void ref_upsample(struct ref_call *c)
{
  struct look looks[REF_RANK];
  const struct attr *a = attr_find(c->attrs, "scales");
  for (int d = 0; d < c->in[0].rank; d++) {
    const double scale = a ? (double)a->floats[d] : c->in[1].v[d];
    looks[d] = (struct look){scale, c->in[0].dim[d], (int)floor(c->in[0].dim[d] * scale)};
  }
  resample(c, looks);
}
