/** @file
 *  1 x 1 convolutions: with samples side by side, x [C, n] and y [M, n], n = batch H W, one matrix
 *  product a group. */
#include "core/blas.h"
#include "core/conv.h"

static bool fits(const struct conv *a)
{
  const struct window *w = &a->window;
  for (int i = 0; i < 2; i++)
    if (w->kernel[i] != 1 || w->stride[i] != 1 || w->begin[i] || w->end[i]) return false;
  return true;
}

/** Begin every output with its bias, to which the products are added: one pass less than adding it
 *  afterwards. */
static void begin_with_bias(const struct op_fwd *c, int outputs, int64_t n)
{
  for (int m = 0; m < outputs; m++) {
    const real b = conv_bias(c->at, c->x, m);
    real *restrict y = c->y + m * n;
    for (int64_t i = 0; i < n; i++) y[i] = b;
  }
}

static void forward(const struct op_fwd *c)
{
  const struct conv *a = c->at->attr;
  const int from = a->channels / a->groups, to = a->outputs / a->groups;
  const int n = conv_positions(c->at->batch, a->in);
  begin_with_bias(c, a->outputs, n);
  for (int g = 0; g < a->groups; g++) {
    blas_gemm(false, false, to, n, from, c->x[CONV_W] + (int64_t)g * to * from, from,
              c->x[CONV_X] + (int64_t)g * from * n, n, REAL(1.0), c->y + (int64_t)g * to * n, n);
  }
}

static void backward(const struct op_bwd *c)
{
  const struct conv *a = c->at->attr;
  const int from = a->channels / a->groups, to = a->outputs / a->groups;
  const int n = conv_positions(c->at->batch, a->in);
  for (int g = 0; g < a->groups; g++) {
    blas_gemm(true, false, from, n, to, c->x[CONV_W] + (int64_t)g * to * from, from,
              c->dy + (int64_t)g * to * n, n, op_sets(c, CONV_X) ? REAL(0.0) : REAL(1.0),
              c->dx[CONV_X] + (int64_t)g * from * n, n);
  }
}

const struct conv_kernel conv_pointwise = {
    .name = "pointwise",
    .fits = fits,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
