/** @file
 *  Loops of operators with two operands. */
#include "core/binary.h"

#include "core/broadcast.h"
#include "core/elementwise.h"
#include "core/nest.h"

void binary_rows(const struct op_site *at, int i, int j, binary_row *f, const real *a,
                 const real *b, real *y)
{
  const struct nest s = nest_of_output(at, (const int[]){i, j, -1});
  const int last = s.n - 1;
  struct nest_walk w = nest_begin(&s, 1);
  do {
    f(a + w.at[1], s.step[1][last], b + w.at[2], s.step[2][last], s.extent[last], y + w.at[0]);
  } while (nest_next(&w));
}

void binary_forward(const struct op_fwd *c, binary_row *value)
{
  binary_rows(c->at, 0, 1, value, c->x[0], c->x[1], c->y);
}

size_t binary_work_bytes(const struct op_site *at)
{
  return (size_t)elementwise_count(at) * sizeof(real);
}

SIMD static void weigh(const real *restrict dy, int64_t n, real *restrict w)
{
  for (int64_t i = 0; i < n; i++) w[i] *= dy[i];
}

void binary_weigh(const real *dy, int64_t n, real *w)
{
  weigh(dy, n, w);
}

void binary_sum(const struct op_site *at, int i, const real *w, real *dx)
{
  const struct broadcast s = broadcast_of_inputs(at, i, i);
  broadcast_backward(&s, 0, w, NULL, dx);
}

void binary_backward(const struct op_bwd *c, binary_row *slope_a, binary_row *slope_b)
{
  binary_row *const slope[2] = {slope_a, slope_b};
  for (int k = 0; k < 2; k++) {
    if (!c->dx[k]) continue;
    binary_rows(c->at, 0, 1, slope[k], c->x[0], c->x[1], c->work);
    binary_weigh(c->dy, elementwise_count(c->at), c->work);
    binary_sum(c->at, k, c->work, c->dx[k]);
  }
}
