/** @file
 *  Moving activations between two layouts.  Element f of a sample lies in channel f / inner at
 *  position f % inner, so runs of gcd(inner of x, inner of y) elements stay together. */
#include "core/relayout.h"

#include "core/operand.h"

#include <assert.h>

struct layouts {
  int64_t count;            /* elements of a sample */
  int64_t run;              /* elements that stay together */
  int64_t inner_x, inner_y; /* positions of a channel */
  int batch;
};

static int64_t gcd(int64_t a, int64_t b)
{
  while (b) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static struct layouts layouts_of(const struct op_site *at)
{
  const int64_t ix = shape_inner(&at->in[0].shape), iy = shape_inner(&at->ys);
  const int64_t count = shape_count(&at->ys);
  assert(ix > 0 && iy > 0);
  const bool same = ix == iy || at->batch == 1;
  return (struct layouts){count, same ? count : gcd(ix, iy), ix, iy, at->batch};
}

/** Where element f of sample 0 is stored. */
static int64_t place(int64_t f, int64_t inner, int batch)
{
  assert(inner > 0);
  return f / inner * inner * batch + f % inner;
}

err relayout_check(const struct shape *x, const struct shape *ys)
{
  char from[96], to[96];
  TRY(operand_result(ys));
  CHECK(shape_count(x) == shape_count(ys), ERR_SHAPE, "a sample of shape %s does not fit into %s",
        shape_text(x, "N", from, sizeof from), shape_text(ys, "N", to, sizeof to));
  return ERR_OK;
}

static void add_run(const real *restrict from, int64_t n, real *restrict to)
{
  for (int64_t i = 0; i < n; i++) to[i] += from[i];
}

static void copy_run(const real *restrict from, int64_t n, real *restrict to)
{
  for (int64_t i = 0; i < n; i++) to[i] = from[i];
}

void relayout_forward(const struct op_fwd *c)
{
  const struct layouts l = layouts_of(c->at);
  if (l.run == l.count) {
    copy_run(c->x[0], l.count * l.batch, c->y);
    return;
  }
  for (int64_t f = 0; f < l.count; f += l.run) {
    const real *x = c->x[0] + place(f, l.inner_x, l.batch);
    real *y = c->y + place(f, l.inner_y, l.batch);
    for (int b = 0; b < l.batch; b++) copy_run(x + b * l.inner_x, l.run, y + b * l.inner_y);
  }
}

void relayout_backward(const struct op_bwd *c)
{
  const struct layouts l = layouts_of(c->at);
  if (!c->dx[0]) return;
  if (l.run == l.count) {
    add_run(c->dy, l.count * l.batch, c->dx[0]);
    return;
  }
  for (int64_t f = 0; f < l.count; f += l.run) {
    real *dx = c->dx[0] + place(f, l.inner_x, l.batch);
    const real *dy = c->dy + place(f, l.inner_y, l.batch);
    for (int b = 0; b < l.batch; b++) add_run(dy + b * l.inner_y, l.run, dx + b * l.inner_x);
  }
}
