/** @file
 *  Naive operators of two tensors. */
#include "ref_impl.h"

#include <math.h>
#include <string.h>

/** y = f(a, b) broadcast, with `terms` roundings of numbers as large as size(a, b), the result where NULL. */
static void binary(struct ref_call *c, double (*f)(double, double), int terms,
                   double (*size)(double, double))
{
  ref_broadcast_shape(c);
  ref_make_y(c);
  c->terms = terms;
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    const double a = c->in[0].v[ref_broadcast_from(&c->in[0], &c->y, i)];
    const double b = c->in[1].v[ref_broadcast_from(&c->in[1], &c->y, i)];
    c->y.v[i] = f(a, b);
    c->scale[i] = size ? size(a, b) : fabs(c->y.v[i]);
  }
}

static double sum(double a, double b)
{
  return a + b;
}
static double difference(double a, double b)
{
  return a - b;
}
static double both(double a, double b)
{
  return fabs(a) + fabs(b);
}
static double product(double a, double b)
{
  return a * b;
}
static double quotient(double a, double b)
{
  return a / b;
}
static double power(double a, double b)
{
  return (double)powl((long double)a, (long double)b);
}
static double prelu(double a, double b)
{
  return a < 0 ? a * b : a;
}

void ref_add(struct ref_call *c)
{
  binary(c, sum, 1, both);
}
void ref_sub(struct ref_call *c)
{
  binary(c, difference, 1, both);
}
void ref_mul(struct ref_call *c)
{
  binary(c, product, 1, NULL);
}
void ref_div(struct ref_call *c)
{
  binary(c, quotient, 1, NULL);
}
void ref_pow(struct ref_call *c)
{
  binary(c, power, 3, NULL);
}
void ref_prelu(struct ref_call *c)
{
  binary(c, prelu, 1, NULL);
}

void ref_where(struct ref_call *c)
{
  ref_broadcast_shape(c);
  ref_make_y(c);
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    const bool holds = c->in[0].ints[ref_broadcast_from(&c->in[0], &c->y, i)] != 0;
    const struct ref_tensor *from = &c->in[holds ? 1 : 2];
    c->y.v[i] = from->v[ref_broadcast_from(from, &c->y, i)];
  }
}

/** y = f of all inputs, one after the other; scale the sum of their sizes. */
static void several(struct ref_call *c, double (*f)(double, double), int terms)
{
  ref_broadcast_shape(c);
  ref_make_y(c);
  c->terms = terms;
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    for (int k = 0; k < c->n_in; k++) {
      const double v = c->in[k].v[ref_broadcast_from(&c->in[k], &c->y, i)];
      c->y.v[i] = k ? f(c->y.v[i], v) : v;
      c->scale[i] += fabs(v);
    }
  }
}

void ref_largest(struct ref_call *c)
{
  several(c, fmax, 0);
}
void ref_smallest(struct ref_call *c)
{
  several(c, fmin, 0);
}
void ref_sum(struct ref_call *c)
{
  several(c, sum, c->n_in);
}

void ref_mean(struct ref_call *c)
{
  several(c, sum, c->n_in + 2);
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    c->y.v[i] /= c->n_in;
    c->scale[i] /= c->n_in;
  }
}

/** The matrix of input k that belongs to row-and-column `index` of the output. */
static const double *matrix(const struct ref_call *c, int k, const int64_t *index)
{
  const struct ref_tensor *t = &c->in[k];
  int64_t mine[REF_RANK] = {0};
  for (int d = 0; d < t->rank - 2; d++)
    mine[d] = t->dim[d] == 1 ? 0 : index[d + c->y.rank - t->rank];
  return t->v + ref_ravel(t, mine);
}

void ref_matmul(struct ref_call *c)
{
  struct ref_tensor *a = &c->in[0], *b = &c->in[1];
  const int n = b->dim[b->rank - 1], m = a->dim[a->rank - 2], k = a->dim[a->rank - 1];
  ref_broadcast_shape(c);
  c->y.dim[c->y.rank - 2] = m;
  c->y.dim[c->y.rank - 1] = n;
  ref_make_y(c);
  c->terms = k;
  for (int64_t i = 0; i < ref_count(&c->y, 0, c->y.rank); i++) {
    int64_t index[REF_RANK];
    ref_unravel(&c->y, i, index);
    const double *left = matrix(c, 0, index) + index[c->y.rank - 2] * k;
    const double *right = matrix(c, 1, index) + index[c->y.rank - 1];
    for (int j = 0; j < k; j++) {
      c->y.v[i] += left[j] * right[(int64_t)j * n];
      c->scale[i] += fabs(left[j] * right[(int64_t)j * n]);
    }
  }
}

/** Letters of term k of "ab,bc->ac": 0, 1 the operands, 2 the output; out [REF_RANK + 1]. */
static void term_of(const char *equation, int k, char *out)
{
  const char *arrow = strstr(equation, "->"), *comma = strchr(equation, ',');
  const char *from = k == 2 ? arrow + 2 : k == 1 ? comma + 1 : equation;
  const char *to = k == 2 ? equation + strlen(equation) : k == 1 || !comma ? arrow : comma;
  int n = 0;
  for (; from < to; from++)
    if (*from != ' ') out[n++] = *from;
  out[n] = 0;
}

/** Offset in t, whose dimensions are the letters of `term`, of the place that `value` gives every letter. */
static int64_t place_of(const struct ref_tensor *t, const char *term, const int64_t *value)
{
  int64_t index[REF_RANK] = {0};
  for (int d = 0; d < t->rank; d++) index[d] = value[(unsigned char)term[d]];
  return ref_ravel(t, index);
}

/** Every combination of all letters' values, one after the other, as a tensor of all letters. */
void ref_einsum(struct ref_call *c)
{
  const char *equation = attr_find(c->attrs, "equation")->s;
  char term[3][32] = {"", "", ""}, all[32] = "";
  int extent[256] = {0};
  int64_t value[256] = {0}, combinations = 1;
  int letters = 0;
  for (int k = 0; k < 3; k++)
    if (k != 1 || c->n_in > 1) term_of(equation, k, term[k]);
  for (int k = 0; k < c->n_in; k++) {
    for (int d = 0; d < c->in[k].rank; d++) {
      int *const mine = &extent[(unsigned char)term[k][d]];
      if (*mine) continue;
      *mine = c->in[k].dim[d];
      combinations *= *mine;
      all[letters++] = term[k][d];
    }
  }
  c->y = (struct ref_tensor){.rank = (int)strlen(term[2])};
  for (int d = 0; d < c->y.rank; d++) c->y.dim[d] = extent[(unsigned char)term[2][d]];
  ref_make_y(c);
  c->terms = (int)combinations + 1; /* and more than each sum has */
  for (int64_t i = 0; i < combinations; i++) {
    int64_t rest = i;
    for (const char *l = all; *l; l++) {
      const int n = extent[(unsigned char)*l] > 0 ? extent[(unsigned char)*l] : 1;
      value[(unsigned char)*l] = rest % n;
      rest /= n;
    }
    double v = c->in[0].v[place_of(&c->in[0], term[0], value)];
    if (c->n_in > 1) v *= c->in[1].v[place_of(&c->in[1], term[1], value)];
    c->y.v[place_of(&c->y, term[2], value)] += v;
    c->scale[place_of(&c->y, term[2], value)] += fabs(v);
  }
}
