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
