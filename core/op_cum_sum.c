/** @file
 *  CumSum: running sums along a constant axis, in double: y_i = sum over j <= i of x_j, j < i where
 *  `exclusive`, from the other end where `reverse`.
 *  Source: ONNX operator specification, CumSum-11 to CumSum-14. */
#include "core/along.h"
#include "core/operand.h"

struct cum_sum {
  bool exclusive, reverse;
  int axis;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct cum_sum *a = attr;
  int64_t exclusive, reverse;
  (void)opset;
  TRY(attr_int(list, "exclusive", 0, &exclusive));
  TRY(attr_int(list, "reverse", 0, &reverse));
  a->exclusive = exclusive != 0;
  a->reverse = reverse != 0;
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct cum_sum *a = attr;
  (void)n_in;
  TRY(operand_tensor(in, 0));
  CHECK(in[1].fixed && in[1].ints && shape_count(&in[1].shape) == 1, ERR_UNSUPPORTED,
        "input 1, the axis, is not one constant integer");
  TRY(operand_axis(in[1].ints[0], &in[0].shape, &a->axis));
  *ys = in[0].shape;
  return ERR_OK;
}

/** Running sums of n elements, from the last one where `down`. */
static void run(const real *x, int64_t step, int64_t n, bool exclusive, bool down, bool add,
                real *y)
{
  double sum = 0.0;
  for (int64_t k = 0; k < n; k++) {
    const int64_t i = (down ? n - 1 - k : k) * step;
    const double with = sum + (double)x[i];
    const real v = (real)(exclusive ? sum : with);
    y[i] = add ? y[i] + v : v;
    sum = with;
  }
}

static void forward(const struct op_fwd *c)
{
  const struct cum_sum *a = c->at->attr;
  const struct along l = along_axis(c->at, a->axis);
  struct nest_walk w = nest_begin(&l.others, 0);
  do {
    run(c->x[0] + w.at[1], l.step_in, c->at->ys.dim[a->axis], a->exclusive, a->reverse, false,
        c->y + w.at[0]);
  } while (nest_next(&w));
}

/** The same sums from the other end: y_i = sum_j M_ij x_j gives dx_j = sum_i M_ij dy_i. */
static void backward(const struct op_bwd *c)
{
  const struct cum_sum *a = c->at->attr;
  const struct along l = along_axis(c->at, a->axis);
  struct nest_walk w = nest_begin(&l.others, 0);
  if (!c->dx[0]) return;
  do {
    run(c->dy + w.at[0], l.step_out, c->at->ys.dim[a->axis], a->exclusive, !a->reverse,
        !op_sets(c, 0), c->dx[0] + w.at[1]);
  } while (nest_next(&w));
}

const struct op op_cum_sum = {
    .name = "CumSum",
    .source = "ONNX operators, CumSum-14",
    .min_in = 2,
    .max_in = 2,
    .attr_bytes = sizeof(struct cum_sum),
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
