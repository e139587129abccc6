/** @file
 *  Operators of any number of inputs. */
#include "core/several.h"

#include "core/broadcast.h"
#include "core/elementwise.h"
#include "core/nest.h"
#include "core/operand.h"

#include <string.h>

err several_infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  for (int i = 0; i < n_in; i++) TRY(operand_numbers(in, i));
  return broadcast_infer_all(attr, in, n_in, ys);
}

void several_fold(const struct op_fwd *c, binary_row *f)
{
  const struct nest first = nest_of_output(c->at, (const int[]){0, -1});
  nest_copy(&first, c->x[0], false, c->y);
  for (int k = 1; k < c->at->n_in; k++) {
    const struct nest s = nest_of_output(c->at, (const int[]){k, -1});
    const int last = s.n - 1;
    struct nest_walk w = nest_begin(&s, 1);
    do {
      real *y = c->y + w.at[0];
      f(y, s.step[0][last], c->x[k] + w.at[1], s.step[1][last], s.extent[last], y);
    } while (nest_next(&w));
  }
}

size_t several_work_bytes(const struct op_site *at)
{
  return 2 * binary_work_bytes(at);
}

/** Where input k is equal to y: += 1 to `count`, or w = dy / count where that is NULL. */
static void compare(const struct op_bwd *c, int k, real *count, real *share)
{
  const struct nest s = nest_of_output(c->at, (const int[]){k, -1});
  const int last = s.n - 1;
  const real *counted = (real *)c->work;
  struct nest_walk w = nest_begin(&s, 1);
  do {
    for (int64_t i = 0; i < s.extent[last]; i++) {
      const int64_t o = w.at[0] + i;
      const bool equal = c->x[k][w.at[1] + i * s.step[1][last]] == c->y[o];
      if (count) count[o] += equal ? REAL(1.0) : REAL(0.0);
      if (share) share[o] = equal ? c->dy[o] / counted[o] : REAL(0.0);
    }
  } while (nest_next(&w));
}

void several_share(const struct op_bwd *c)
{
  const int64_t n = elementwise_count(c->at);
  real *count = c->work, *share = count + n;
  memset(count, 0, (size_t)n * sizeof *count);
  for (int k = 0; k < c->at->n_in; k++) compare(c, k, count, NULL);
  for (int k = 0; k < c->at->n_in; k++) {
    if (!c->dx[k]) continue;
    compare(c, k, NULL, share);
    binary_sum(c->at, k, share, c->dx[k]);
  }
}
