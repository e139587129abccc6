/** @file
 *  Naive operators: the list, and those that fit nowhere else. */
#include "ref_ops.h"

#include "ref_impl.h"

#include <math.h>
#include <string.h>

void ref_norm(struct ref_call *c)
{
  ref_like_input(c);
  c->terms = 6; /* difference, quotient, square root, sum under it, product, sum */
  const int64_t inner = ref_count(&c->y, 2, c->y.rank);
  const double epsilon = ref_float(c, "epsilon", (double)1e-5F);
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    const int64_t k = i / inner % c->y.dim[1];
    const double a = c->in[1].v[k] / sqrt(c->in[4].v[k] + epsilon), mean = c->in[3].v[k];
    c->y.v[i] = a * (c->in[0].v[i] - mean) + c->in[2].v[k];
    c->scale[i] = fabs(a) * (fabs(c->in[0].v[i]) + fabs(mean)) + fabs(c->in[2].v[k]);
  }
}

void ref_gemm(struct ref_call *c)
{
  const double alpha = ref_float(c, "alpha", 1.0), beta = ref_float(c, "beta", 1.0);
  const int tb = (int)ref_int(c, "transB", 0), f = c->in[0].dim[1], k = c->in[1].dim[!tb];
  c->y = (struct ref_tensor){.rank = 2, .dim = {c->in[0].dim[0], k}};
  ref_make_y(c);
  c->terms = f + 4;
  for (int64_t i = 0; i < ref_count(&c->y, 0, 2); i++) {
    const double *a = c->in[0].v + i / k * f;
    double sum = 0.0, size = 0.0;
    for (int j = 0; j < f; j++) {
      const double b = c->in[1].v[tb ? i % k * f + j : (int64_t)j * k + i % k];
      sum += a[j] * b;
      size += fabs(a[j] * b);
    }
    const double bias =
        ref_given(c, 2) ? beta * c->in[2].v[ref_broadcast_from(&c->in[2], &c->y, i)] : 0.0;
    c->y.v[i] = alpha * sum + bias;
    c->scale[i] = fabs(alpha) * size + fabs(bias);
  }
}

void ref_global(struct ref_call *c)
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

void ref_global_max(struct ref_call *c)
{
  c->y = c->in[0];
  for (int d = 2; d < c->y.rank; d++) c->y.dim[d] = 1;
  ref_make_y(c);
  const int64_t inner = ref_count(&c->in[0], 2, c->in[0].rank);
  for (int64_t n = 0; n < ref_count(&c->y, 0, c->y.rank); n++) {
    c->y.v[n] = -INFINITY;
    for (int64_t i = 0; i < inner; i++) c->y.v[n] = fmax(c->y.v[n], c->in[0].v[n * inner + i]);
  }
}

void (*ref_find(const char *op))(struct ref_call *c)
{
  static const struct {
    const char *op;
    void (*run)(struct ref_call *c);
  } all[] = {
#define REF(name, run) {name, run},
      REF_OPS(REF) REF_UNARY(REF) REF_BINARY(REF) REF_MOVE(REF) REF_SUM(REF)
#undef REF
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (!strcmp(all[i].op, op)) return all[i].run;
  return NULL;
}
