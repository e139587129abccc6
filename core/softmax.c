/** @file
 *  Sums of exponentials. */
#include "core/softmax.h"

#include "core/operand.h"
#include "core/rows.h"
#include "core/vmath.h"

#include <math.h>

err softmax_parse(const struct attr_list *list, int opset, void *attr)
{
  struct softmax *s = attr;
  s->to_the_end = opset < 13;
  return attr_int(list, "axis", opset < 13 ? 1 : -1, &s->given);
}

err softmax_infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct softmax *s = attr;
  (void)n_in;
  TRY(operand_tensor(in, 0));
  TRY(operand_axis(s->given, &in[0].shape, &s->axis));
  *ys = in[0].shape;
  return ERR_OK;
}

struct groups softmax_groups(const struct op_site *at)
{
  const struct softmax *s = at->attr;
  return groups_along(&at->ys, at->batch, s->axis, s->to_the_end);
}

/** The largest of n numbers and of `top`. */
SIMD static real row_top(const real *restrict x, int64_t n, real top)
{
  real lane[ROWS_LANES];
  int64_t i = 0;
  for (int l = 0; l < ROWS_LANES; l++) lane[l] = top;
  for (; i + ROWS_LANES <= n; i += ROWS_LANES)
    for (int l = 0; l < ROWS_LANES; l++) lane[l] = x[i + l] > lane[l] ? x[i + l] : lane[l];
  for (; i < n; i++) top = x[i] > top ? x[i] : top;
  for (int l = 0; l < ROWS_LANES; l++) top = lane[l] > top ? lane[l] : top;
  return top;
}

/** y = exp(x - top); their sum. */
SIMD static double row_exponentials(const real *restrict x, int64_t n, real top, real *restrict y)
{
  double sum;
  for (int64_t i = 0; i < n; i++) y[i] = vmath_exp(x[i] - top);
  ROWS_SUM(n, (double)y[i], sum);
  return sum;
}

double softmax_exponentials(const struct groups *g, const real *x, real *y, real *top)
{
  double sum = 0.0;
  *top = (real)-INFINITY;
  for (int64_t a = 0; a < g->a; a++) *top = row_top(x + a * g->a_step, g->b, *top);
  for (int64_t a = 0; a < g->a; a++)
    sum += row_exponentials(x + a * g->a_step, g->b, *top, y + a * g->a_step);
  return sum;
}

void softmax_backward(const struct op_bwd *c, softmax_row_sum *row_sum, softmax_back_row *back_row)
{
  const struct groups g = softmax_groups(c->at);
  if (!c->dx[0]) return;
  for (int64_t k = 0; k < groups_count(&g); k++) {
    const int64_t at = groups_at(&g, k);
    double sum = 0.0;
    for (int64_t a = 0; a < g.a; a++)
      sum += row_sum(c->y + at + a * g.a_step, c->dy + at + a * g.a_step, g.b);
    for (int64_t a = 0; a < g.a; a++) {
      const int64_t i = at + a * g.a_step;
      back_row(c->y + i, c->dy + i, g.b, sum, op_sets(c, 0), c->dx[0] + i);
    }
  }
}
