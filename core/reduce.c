/** @file
 *  Reductions along axes. */
#include "core/reduce.h"

#include "core/elementwise.h"
#include "core/operand.h"

err reduce_parse(const struct attr_list *list, int opset, int since, struct reduce *a)
{
  int64_t keep, noop;
  TRY(axes_parse(list, opset, since, &a->axes));
  TRY(attr_int(list, "keepdims", 1, &keep));
  TRY(attr_int(list, "noop_with_empty_axes", 0, &noop));
  a->keep = keep != 0;
  a->noop = noop != 0;
  return ERR_OK;
}

err reduce_parse_18(const struct attr_list *list, int opset, void *attr)
{
  return reduce_parse(list, opset, 18, attr);
}

/** The batch may be among the axes only where all are reduced to a scalar by default. */
static err settle(struct reduce *a, const struct operand *in, int n_in)
{
  const struct shape *x = &in[0].shape;
  int n;
  TRY(axes_settle(&a->axes, in, n_in, 1, x->rank, &a->set, &n));
  if (!n && !a->noop) a->set = (1U << x->rank) - 1U;
  CHECK(!(a->set & 1U) || x->dim[0] > 1, ERR_UNSUPPORTED,
        "axis 0 is the batch; samples must stay apart");
  return ERR_OK;
}

err reduce_infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct reduce *a = attr;
  struct shape s = {.rank = 0};
  TRY(operand_tensor(in, 0));
  TRY(settle(a, in, n_in));
  a->reduced = 1;
  for (int i = 0; i < in[0].shape.rank; i++) {
    const bool reduced = a->set >> i & 1U;
    if (reduced) a->reduced *= in[0].shape.dim[i];
    if (!reduced || a->keep) s.dim[s.rank++] = reduced ? 1 : in[0].shape.dim[i];
  }
  *ys = s;
  return ERR_OK;
}

struct nest reduce_nest(const struct op_site *at)
{
  const struct reduce *a = at->attr;
  const struct shape *x = &at->in[0].shape;
  const struct shape_steps from = operand_steps(&at->in[0], at->batch);
  const struct shape_steps to = shape_steps(&at->ys, at->batch);
  struct nest s = {0};
  nest_add(&s, at->batch, (int64_t[]){from.batch, to.batch, 0, 0});
  for (int i = 0, k = 0; i < x->rank; i++) {
    const bool reduced = a->set >> i & 1U;
    nest_add(&s, x->dim[i], (int64_t[]){from.axis[i], reduced ? 0 : to.axis[k], 0, 0});
    k += !reduced || a->keep;
  }
  nest_settle(&s, 0);
  return s;
}

size_t reduce_work_bytes(const struct op_site *at)
{
  return (size_t)elementwise_count(at) * sizeof(double);
}

void reduce_forward(const struct op_fwd *c, const struct reduce_rows *rows)
{
  const struct reduce *a = c->at->attr;
  const int64_t n = elementwise_count(c->at);
  const struct nest s = reduce_nest(c->at);
  const int last = s.n - 1;
  const int64_t step = s.step[1][last];
  double *acc = c->work;
  for (int64_t i = 0; i < n; i++) acc[i] = rows->start;
  struct nest_walk w = nest_begin(&s, 1);
  do {
    double *to = acc + w.at[1];
    const real *from = c->x[0] + w.at[0];
    if (step) {
      rows->each(from, s.extent[last], to, step);
    } else {
      *to = rows->one(from, s.extent[last], *to);
    }
  } while (nest_next(&w));
  for (int64_t i = 0; i < n; i++)
    c->y[i] = (real)(rows->finish ? rows->finish(acc[i], (double)a->reduced) : acc[i]);
}

void reduce_backward(const struct op_bwd *c, double (*slope)(double x, double y, double count))
{
  const struct reduce *a = c->at->attr;
  const struct nest s = reduce_nest(c->at);
  const int last = s.n - 1;
  const int64_t step = s.step[1][last];
  struct nest_walk w = nest_begin(&s, 1);
  if (!c->dx[0]) return;
  do {
    real *dx = c->dx[0] + w.at[0];
    for (int64_t i = 0; i < s.extent[last]; i++) {
      const int64_t from = w.at[0] + i, to = w.at[1] + i * step;
      const double x = c->x[0] ? (double)c->x[0][from] : 0.0, y = c->y ? (double)c->y[to] : 0.0;
      const real d = (real)((double)c->dy[to] * slope(x, y, (double)a->reduced));
      dx[i] = op_sets(c, 0) ? d : dx[i] + d;
    }
  } while (nest_next(&w));
}

/** dx (+)= from[i step] factor. */
SIMD static void spread_row(const real *restrict from, int64_t step, double factor, int64_t n,
                            bool set, real *restrict dx)
{
  if (!step) {
    const real each = (real)((double)from[0] * factor);
    if (set) {
      for (int64_t i = 0; i < n; i++) dx[i] = each;
    } else {
      for (int64_t i = 0; i < n; i++) dx[i] += each;
    }
  } else if (set) {
    for (int64_t i = 0; i < n; i++) dx[i] = (real)((double)from[i * step] * factor);
  } else {
    for (int64_t i = 0; i < n; i++) dx[i] += (real)((double)from[i * step] * factor);
  }
}

void reduce_spread(const struct op_bwd *c, double factor)
{
  const struct nest s = reduce_nest(c->at);
  const int last = s.n - 1;
  struct nest_walk w = nest_begin(&s, 1);
  if (!c->dx[0]) return;
  do {
    spread_row(c->dy + w.at[1], s.step[1][last], factor, s.extent[last], op_sets(c, 0),
               c->dx[0] + w.at[0]);
  } while (nest_next(&w));
}
