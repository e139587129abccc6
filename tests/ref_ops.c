/** @file
 *  Naive operators. */
#include "ref_ops.h"

#include "ref_impl.h"

#include <math.h>
#include <string.h>

static double get_float(const struct ref_call *c, const char *name, double otherwise)
{
  const struct attr *a = attr_find(c->attrs, name);
  return a ? (double)a->f : otherwise;
}

static void like_input(struct ref_call *c)
{
  c->y = c->in[0];
  ref_make_y(c);
}

/** Apply f(x, p, q) to every element; `terms` roundings of numbers as large as the result. */
static void map(struct ref_call *c, double (*f)(double, double, double), double p, double q,
                int terms)
{
  like_input(c);
  c->terms = terms;
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    c->y.v[i] = f(c->in[0].v[i], p, q);
    c->scale[i] = terms ? fabs(c->y.v[i]) : 0.0;
  }
}

static double same(double x, double p, double q)
{
  return (void)p, (void)q, x;
}
static double leaky(double x, double p, double q)
{
  return (void)q, x < 0 ? p * x : x;
}
static double clamp(double x, double p, double q)
{
  return fmin(fmax(x, p), q);
}
static double elu(double x, double p, double q)
{
  (void)q;
  return x > 0 ? x : (double)((long double)p * (expl((long double)x) - 1.0L));
}

static void ref_identity(struct ref_call *c)
{
  map(c, same, 0, 0, 0);
}
static void ref_relu(struct ref_call *c)
{
  map(c, clamp, 0.0, INFINITY, 0);
}
static void ref_leaky(struct ref_call *c)
{
  map(c, leaky, get_float(c, "alpha", (double)0.01F), 0, 1);
}
/* The library's exponential is good to about one unit in the last place, the product adds one. */
static void ref_elu(struct ref_call *c)
{
  map(c, elu, get_float(c, "alpha", 1.0), 0, 4);
}

static void ref_clip(struct ref_call *c)
{
  const double lo = c->opset < 11     ? get_float(c, "min", -INFINITY)
                    : ref_given(c, 1) ? c->in[1].v[0]
                                      : -INFINITY;
  const double hi = c->opset < 11     ? get_float(c, "max", INFINITY)
                    : ref_given(c, 2) ? c->in[2].v[0]
                                      : INFINITY;
  map(c, clamp, lo, hi, 0);
}

static void ref_flatten(struct ref_call *c)
{
  map(c, same, 0, 0, 0);
  c->y.rank = 2;
  c->y.dim[1] = (int)ref_count(&c->in[0], 1, c->in[0].rank);
}

static void ref_reshape(struct ref_call *c)
{
  map(c, same, 0, 0, 0);
  const int64_t all = ref_count(&c->in[0], 1, c->in[0].rank);
  int64_t known = 1;
  c->y.rank = c->in[1].dim[0];
  for (int i = 1; i < c->y.rank; i++) {
    const int64_t t = c->in[1].ints[i];
    c->y.dim[i] = (int)(t ? t : c->in[0].dim[i]);
    if (t != -1) known *= c->y.dim[i];
  }
  for (int i = 1; i < c->y.rank; i++)
    if (c->y.dim[i] == -1) c->y.dim[i] = (int)(all / known);
}

/** Offset in `t` of the element that the output's element `i` is broadcast from. */
static int64_t broadcast_from(const struct ref_tensor *t, const struct ref_tensor *y, int64_t i)
{
  int64_t at = 0, step = 1;
  for (int d = y->rank - 1; d >= 0; d--) {
    const int mine = d - (y->rank - t->rank);
    const int64_t index = i % y->dim[d];
    i /= y->dim[d];
    if (mine < 0) continue;
    at += (t->dim[mine] == 1 ? 0 : index) * step;
    step *= t->dim[mine];
  }
  return at;
}

static void binary(struct ref_call *c, bool product)
{
  c->y = c->in[0].rank >= c->in[1].rank ? c->in[0] : c->in[1];
  for (int k = 0; k < 2; k++) {
    for (int d = 0; d < c->in[k].rank; d++) {
      int *to = &c->y.dim[d + c->y.rank - c->in[k].rank];
      if (c->in[k].dim[d] > *to) *to = c->in[k].dim[d];
    }
  }
  ref_make_y(c);
  c->terms = 1;
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    const double a = c->in[0].v[broadcast_from(&c->in[0], &c->y, i)];
    const double b = c->in[1].v[broadcast_from(&c->in[1], &c->y, i)];
    c->y.v[i] = product ? a * b : a + b;
    c->scale[i] = product ? fabs(a * b) : fabs(a) + fabs(b);
  }
}

static void ref_add(struct ref_call *c)
{
  binary(c, false);
}
static void ref_mul(struct ref_call *c)
{
  binary(c, true);
}

static void ref_norm(struct ref_call *c)
{
  like_input(c);
  c->terms = 6; /* difference, quotient, square root, sum under it, product, sum */
  const int64_t inner = ref_count(&c->y, 2, c->y.rank);
  const double epsilon = get_float(c, "epsilon", (double)1e-5F);
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    const int64_t k = i / inner % c->y.dim[1];
    const double a = c->in[1].v[k] / sqrt(c->in[4].v[k] + epsilon), mean = c->in[3].v[k];
    c->y.v[i] = a * (c->in[0].v[i] - mean) + c->in[2].v[k];
    c->scale[i] = fabs(a) * (fabs(c->in[0].v[i]) + fabs(mean)) + fabs(c->in[2].v[k]);
  }
}

static void ref_gemm(struct ref_call *c)
{
  const bool matmul = c->n_in == 2 && !c->attrs->n;
  const double alpha = get_float(c, "alpha", 1.0), beta = get_float(c, "beta", 1.0);
  const int tb = (int)ref_int(c, "transB", 0), f = c->in[0].dim[1], k = c->in[1].dim[!tb];
  c->y = (struct ref_tensor){.rank = 2, .dim = {c->in[0].dim[0], k}};
  ref_make_y(c);
  c->terms = f + (matmul ? 0 : 4);
  for (int64_t i = 0; i < ref_count(&c->y, 0, 2); i++) {
    const double *a = c->in[0].v + i / k * f;
    double sum = 0.0, size = 0.0;
    for (int j = 0; j < f; j++) {
      const double b = c->in[1].v[tb ? i % k * f + j : (int64_t)j * k + i % k];
      sum += a[j] * b;
      size += fabs(a[j] * b);
    }
    const double bias =
        ref_given(c, 2) ? beta * c->in[2].v[broadcast_from(&c->in[2], &c->y, i)] : 0.0;
    c->y.v[i] = alpha * sum + bias;
    c->scale[i] = fabs(alpha) * size + fabs(bias);
  }
}

static void ref_global(struct ref_call *c)
{
  c->y = c->in[0];
  for (int d = 2; d < c->y.rank; d++) c->y.dim[d] = 1;
  ref_make_y(c);
  const int64_t inner = ref_count(&c->in[0], 2, c->in[0].rank);
  c->terms = (int)inner + 1;
  for (int64_t n = 0; n < ref_count(&c->y, 0, c->y.rank); n++) {
    for (int64_t i = 0; i < inner; i++) {
      c->y.v[n] += c->in[0].v[n * inner + i] / (double)inner;
      c->scale[n] += fabs(c->in[0].v[n * inner + i]) / (double)inner;
    }
  }
}

static void ref_concat(struct ref_call *c)
{
  int axis = (int)ref_int(c, "axis", 0);
  c->y = c->in[0];
  if (axis < 0) axis += c->y.rank;
  for (int k = 1; k < c->n_in; k++) c->y.dim[axis] += c->in[k].dim[axis];
  ref_make_y(c);
  const int64_t row = ref_count(&c->y, axis, c->y.rank), rows = ref_count(&c->y, 0, axis);
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t k = 0, at = 0; k < c->n_in; k++) {
      const int64_t n = ref_count(&c->in[k], axis, c->y.rank);
      for (int64_t i = 0; i < n; i++) c->y.v[r * row + at++] = c->in[k].v[r * n + i];
    }
  }
}

static void ref_softmax(struct ref_call *c)
{
  like_input(c);
  int axis = (int)ref_int(c, "axis", c->opset < 13 ? 1 : -1);
  if (axis < 0) axis += c->y.rank;
  const int64_t after = c->opset < 13 ? 1 : ref_count(&c->y, axis + 1, c->y.rank);
  const int64_t n = c->opset < 13 ? ref_count(&c->y, axis, c->y.rank) : c->y.dim[axis];
  c->terms = (int)n + 32; /* arguments up to 16 off the maximum lose as many units */
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    const int64_t first = i / (n * after) * n * after + i % after;
    long double sum = 0.0L;
    for (int64_t j = 0; j < n; j++)
      sum += expl((long double)c->in[0].v[first + j * after] - (long double)c->in[0].v[i]);
    c->y.v[i] = (double)(1.0L / sum);
    c->scale[i] = c->y.v[i];
  }
}

void (*ref_find(const char *op))(struct ref_call *c)
{
  static const struct {
    const char *op;
    void (*run)(struct ref_call *c);
  } all[] = {
      {"Add", ref_add},
      {"AveragePool", ref_average},
      {"BatchNormalization", ref_norm},
      {"Clip", ref_clip},
      {"Concat", ref_concat},
      {"Conv", ref_conv},
      {"Dropout", ref_identity},
      {"Elu", ref_elu},
      {"Flatten", ref_flatten},
      {"Gemm", ref_gemm},
      {"GlobalAveragePool", ref_global},
      {"Identity", ref_identity},
      {"LeakyRelu", ref_leaky},
      {"MatMul", ref_gemm},
      {"MaxPool", ref_max},
      {"Mul", ref_mul},
      {"Relu", ref_relu},
      {"Reshape", ref_reshape},
      {"Softmax", ref_softmax},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (!strcmp(all[i].op, op)) return all[i].run;
  return NULL;
}
