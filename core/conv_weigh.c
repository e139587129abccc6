/** @file
 *  dw[m, (c, k)] += sum over positions o of  dy[m, o] x[c, o stride - begin + k dilation],  db[m] += sum dy[m, o]:
 *  a matrix product for each group, whose right side is made row by row. */
#include "core/conv_weigh.h"

#include "core/conv.h"

/** The receptive fields of one group. */
struct fields {
  const struct conv *conv;
  const real *x; /* from the group's first channel */
};

static int columns_of(const struct conv *a)
{
  return a->channels / a->groups * a->window.kernel[0] * a->window.kernel[1];
}

/** Columns [first, first + n) of what output position o reads. */
static void fill(const void *who, int o, int first, int n, real *row)
{
  const struct fields *f = who;
  const struct conv *a = f->conv;
  const struct window *w = &a->window;
  const int area = w->kernel[0] * w->kernel[1];
  const int top = window_start(w, 0, o / a->out[1]), left = window_start(w, 1, o % a->out[1]);
  for (int j = 0; j < n; j++) {
    const int k = (first + j) % area, c = (first + j) / area;
    const int y = top + k / w->kernel[1] * w->dilation[0];
    const int x = left + k % w->kernel[1] * w->dilation[1];
    const bool inside = y >= 0 && y < a->in[0] && x >= 0 && x < a->in[1];
    row[j] = inside ? f->x[((int64_t)c * a->in[0] + y) * a->in[1] + x] : REAL(0.0);
  }
}

static size_t work_bytes(const struct op_site *at)
{
  const struct conv *a = at->attr;
  return product_fill_work_bytes(columns_of(a), conv_positions(1, a->out));
}

static void weigh_bias(const struct weigh_call *c)
{
  const struct conv *a = c->at->attr;
  const int64_t n = conv_positions(1, a->out);
  for (int m = 0; m < a->outputs; m++) {
    double sum = 0.0;
    for (int64_t o = 0; o < n; o++) sum += (double)c->dy[m * n + o];
    c->dw[CONV_B][m] += (real)sum;
  }
}

static void run(const struct weigh_call *c)
{
  const struct conv *a = c->at->attr;
  const int rows = a->outputs / a->groups, columns = columns_of(a), n = conv_positions(1, a->out);
  const int64_t plane = (int64_t)a->in[0] * a->in[1];
  for (int g = 0; g < a->groups && c->dw[CONV_W]; g++) {
    const struct fields f = {a, c->x[CONV_X] + (int64_t)g * (a->channels / a->groups) * plane};
    product(&(struct product){.m = rows,
                              .n = columns,
                              .k = n,
                              .add = true,
                              .a = c->dy + (int64_t)g * rows * n,
                              .a_step = n,
                              .c = c->dw[CONV_W] + (int64_t)g * rows * columns,
                              .c_step = columns,
                              .fill = fill,
                              .who = &f,
                              .work = c->work});
  }
  if (c->at->n_in > CONV_B && c->dw[CONV_B]) weigh_bias(c);
}

const struct weigh conv_weigh = {
    .parameters = 1U << CONV_W | 1U << CONV_B,
    .work_bytes = work_bytes,
    .run = run,
};
