/** @file
 *  1 x 1 convolutions: with samples side by side, x [C, n] and y [M, n], n = batch H W, one matrix
 *  product a group. */
#include "core/conv.h"

static bool fits(const struct conv *a)
{
  const struct window *w = &a->window;
  for (int i = 0; i < 2; i++)
    if (w->kernel[i] != 1 || w->stride[i] != 1 || w->begin[i] || w->end[i]) return false;
  return true;
}

static size_t work_bytes(const struct conv *a, int batch)
{
  return product_work_bytes(conv_positions(batch, a->in));
}

static void forward(const struct op_fwd *c)
{
  const struct conv *a = c->at->attr;
  const int from = a->channels / a->groups, to = a->outputs / a->groups;
  const int n = conv_positions(c->at->batch, a->in);
  const real *bias = conv_biases(c->at, c->x);
  for (int g = 0; g < a->groups; g++) {
    struct product p = {.m = to,
                        .n = n,
                        .k = from,
                        .b = c->x[CONV_X] + (int64_t)g * from * n,
                        .b_step = n,
                        .c = c->y + (int64_t)g * to * n,
                        .c_step = n,
                        .bias = bias ? bias + (int64_t)g * to : NULL,
                        .work = c->work};
    conv_give_weights(c->at, c->x[CONV_W], g, 0, &p);
    product(&p);
  }
}

static void backward(const struct op_bwd *c)
{
  const struct conv *a = c->at->attr;
  const int from = a->channels / a->groups, to = a->outputs / a->groups;
  const int n = conv_positions(c->at->batch, a->in);
  for (int g = 0; g < a->groups; g++) {
    struct product p = {.m = from,
                        .n = n,
                        .k = to,
                        .a_transposed = true,
                        .b = c->dy + (int64_t)g * to * n,
                        .b_step = n,
                        .c = c->dx[CONV_X] + (int64_t)g * from * n,
                        .c_step = n,
                        .add = !op_sets(c, CONV_X),
                        .work = c->work};
    conv_give_weights(c->at, c->x[CONV_W], g, 0, &p);
    product(&p);
  }
}

const struct conv_kernel conv_pointwise = {
    .name = "pointwise",
    .fits = fits,
    .work_bytes = work_bytes,
    .prepared_bytes = conv_packed_bytes,
    .prepare = conv_pack,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
