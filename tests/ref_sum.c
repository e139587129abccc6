/** @file
 *  Naive sums along axes. */
#include "ref_impl.h"

#include <math.h>

/** Where the group of element i along the softmax's axis begins, how many it has, and their step. */
static void group_of(const struct ref_call *c, int64_t i, int64_t *first, int64_t *n, int64_t *step)
{
  int axis = (int)ref_int(c, "axis", c->opset < 13 ? 1 : -1);
  if (axis < 0) axis += c->y.rank;
  *step = c->opset < 13 ? 1 : ref_count(&c->y, axis + 1, c->y.rank);
  *n = c->opset < 13 ? ref_count(&c->y, axis, c->y.rank) : c->y.dim[axis];
  *first = i / (*n * *step) * *n * *step + i % *step;
}

/** Sum over the group of exp(x_j - x_i). */
static long double relative_sum(const struct ref_call *c, int64_t i, int64_t *n)
{
  int64_t first, step;
  long double sum = 0.0L;
  group_of(c, i, &first, n, &step);
  for (int64_t j = 0; j < *n; j++)
    sum += expl((long double)c->in[0].v[first + j * step] - (long double)c->in[0].v[i]);
  return sum;
}

void ref_softmax(struct ref_call *c)
{
  ref_like_input(c);
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    int64_t n;
    c->y.v[i] = (double)(1.0L / relative_sum(c, i, &n));
    c->scale[i] = c->y.v[i];
    c->terms = (int)n + 32; /* arguments up to 16 off the maximum lose as many units */
  }
}

void ref_log_softmax(struct ref_call *c)
{
  ref_like_input(c);
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    int64_t n;
    c->y.v[i] = (double)-logl(relative_sum(c, i, &n));
    c->scale[i] = fabs(c->in[0].v[i]) + fabs(c->in[0].v[i] - c->y.v[i]) + 1.0;
    c->terms = (int)n + 32;
  }
}

/** Axis d is reduced: named by the attribute or by input 1, or none is named. */
static bool is_reduced(const struct ref_call *c, int d)
{
  const struct attr *a = attr_find(c->attrs, "axes");
  const int64_t *v = a ? a->ints : c->n_in > 1 ? c->in[1].ints : NULL;
  const int n = a ? a->n : v ? c->in[1].dim[0] : 0, rank = c->in[0].rank;
  for (int k = 0; k < n; k++)
    if ((v[k] + rank) % rank == d) return true;
  return !n && !ref_int(c, "noop_with_empty_axes", 0);
}

/** Element of the output (as if it kept all axes) that element i of the input goes into. */
static int64_t goes_into(const struct ref_call *c, int64_t i)
{
  int64_t index[REF_RANK], to = 0;
  ref_unravel(&c->in[0], i, index);
  for (int d = 0; d < c->in[0].rank; d++)
    if (!is_reduced(c, d)) to = to * c->in[0].dim[d] + index[d];
  return to;
}

/** y = the fold of every element's f(x); `scale` the sum of |f(x)|. */
static void reduce(struct ref_call *c, double (*f)(double), double start,
                   double (*fold)(double, double))
{
  const struct ref_tensor *x = &c->in[0];
  const int64_t n = ref_count(x, 0, x->rank);
  c->y = (struct ref_tensor){.rank = 0};
  for (int d = 0; d < x->rank; d++) {
    if (!is_reduced(c, d)) c->y.dim[c->y.rank++] = x->dim[d];
    if (is_reduced(c, d) && ref_int(c, "keepdims", 1)) c->y.dim[c->y.rank++] = 1;
  }
  ref_make_y(c);
  c->terms = (int)n + 2;
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) c->y.v[i] = start;
  for (int64_t i = 0; i < n; i++) {
    const int64_t to = goes_into(c, i);
    c->y.v[to] = fold(c->y.v[to], f(x->v[i]));
    c->scale[to] += fabs(f(x->v[i]));
  }
}

static double itself(double x)
{
  return x;
}
static double square(double x)
{
  return x * x;
}
static double add(double a, double b)
{
  return a + b;
}
static double times(double a, double b)
{
  return a * b;
}

void ref_reduce_sum(struct ref_call *c)
{
  reduce(c, itself, 0.0, add);
}
void ref_reduce_l1(struct ref_call *c)
{
  reduce(c, fabs, 0.0, add);
}
void ref_reduce_sum_square(struct ref_call *c)
{
  reduce(c, square, 0.0, add);
}

void ref_reduce_l2(struct ref_call *c)
{
  reduce(c, square, 0.0, add);
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++)
    c->scale[i] = c->y.v[i] = sqrt(c->y.v[i]); /* the root halves relative errors */
}

/** Every factor's rounding counts once of the product. */
void ref_reduce_prod(struct ref_call *c)
{
  reduce(c, itself, 1.0, times);
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) c->scale[i] = fabs(c->y.v[i]);
}

/** A relative error of positive sums is an absolute one of their logarithm. */
static void take_log(struct ref_call *c)
{
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    c->y.v[i] = log(c->y.v[i]);
    c->scale[i] = 1.0 + fabs(c->y.v[i]);
  }
}

void ref_reduce_log_sum(struct ref_call *c)
{
  reduce(c, itself, 0.0, add);
  take_log(c);
}
void ref_reduce_log_sum_exp(struct ref_call *c)
{
  reduce(c, exp, 0.0, add);
  take_log(c);
}

void ref_cum_sum(struct ref_call *c)
{
  const int rank = c->in[0].rank, axis = (int)(c->in[1].ints[0] + rank) % rank;
  const int64_t n = c->in[0].dim[axis], step = ref_count(&c->in[0], axis + 1, rank);
  const bool reverse = ref_int(c, "reverse", 0), exclusive = ref_int(c, "exclusive", 0);
  ref_like_input(c);
  c->terms = (int)n;
  for (int64_t i = 0; i < ref_count(&c->y, 0, rank); i++) {
    const int64_t at = i / step % n;
    for (int64_t k = 0; k < n; k++) {
      if ((reverse ? k < at : k > at) || (exclusive && k == at)) continue;
      c->y.v[i] += c->in[0].v[i + (k - at) * step];
      c->scale[i] += fabs(c->in[0].v[i + (k - at) * step]);
    }
  }
}

void ref_reduce_mean(struct ref_call *c)
{
  reduce(c, itself, 0.0, add);
  const int64_t all = ref_count(&c->y, 0, c->y.rank);
  const double count = (double)ref_count(&c->in[0], 0, c->in[0].rank) / (double)all;
  for (int64_t i = 0; i < all; i++) {
    c->y.v[i] /= count;
    c->scale[i] /= count;
  }
}

void ref_reduce_max(struct ref_call *c)
{
  reduce(c, itself, -INFINITY, fmax);
  c->terms = 0;
}
void ref_reduce_min(struct ref_call *c)
{
  reduce(c, itself, INFINITY, fmin);
  c->terms = 0;
}

/** Group `of(c, i)` of element i is normalised; scale and bias at `at(c, i)`. */
static void normalise(struct ref_call *c, int64_t (*of)(const struct ref_call *, int64_t),
                      int64_t (*at)(const struct ref_call *, int64_t))
{
  ref_like_input(c);
  const int64_t n = ref_count(&c->y, 0, c->y.rank);
  const double epsilon = ref_float(c, "epsilon", (double)1e-5F), *x = c->in[0].v;
  c->terms = 2 * (int)n + 10;
  for (int64_t i = 0; i < n; i++) {
    double sum = 0.0, squares = 0.0, count = 0.0, size = 0.0;
    for (int64_t j = 0; j < n; j++) {
      if (of(c, j) != of(c, i)) continue;
      sum += x[j];
      size += fabs(x[j]);
      count += 1.0;
    }
    for (int64_t j = 0; j < n; j++)
      if (of(c, j) == of(c, i)) squares += (x[j] - sum / count) * (x[j] - sum / count);
    const double inv = 1.0 / sqrt(squares / count + epsilon), scale = c->in[1].v[at(c, i)];
    const double bias = ref_given(c, 2) ? c->in[2].v[at(c, i)] : 0.0;
    c->y.v[i] = (x[i] - sum / count) * inv * scale + bias;
    c->scale[i] = (fabs(x[i]) + size / count) * inv * fabs(scale) + fabs(bias);
  }
}

/** Elements from the axis on. */
static int64_t tail(const struct ref_call *c)
{
  const int axis = (int)ref_int(c, "axis", -1);
  return ref_count(&c->in[0], axis < 0 ? axis + c->in[0].rank : axis, c->in[0].rank);
}

static int64_t layer_of(const struct ref_call *c, int64_t i)
{
  return i / tail(c);
}
static int64_t in_layer(const struct ref_call *c, int64_t i)
{
  return i % tail(c);
}
static int64_t channel_of(const struct ref_call *c, int64_t i)
{
  return i / ref_count(&c->in[0], 2, c->in[0].rank);
}
static int64_t group_of_channel(const struct ref_call *c, int64_t i)
{
  return channel_of(c, i) / (c->in[0].dim[1] / ref_int(c, "num_groups", 1));
}

void ref_layer_norm(struct ref_call *c)
{
  normalise(c, layer_of, in_layer);
}
void ref_instance_norm(struct ref_call *c)
{
  normalise(c, channel_of, channel_of);
}
void ref_group_norm(struct ref_call *c)
{
  normalise(c, group_of_channel, c->opset < 21 ? group_of_channel : channel_of);
}
