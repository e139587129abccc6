/** @file
 *  TopK, its values: the k largest or smallest elements along an axis, the first in order; of equal ones the
 *  one of lower index comes first, and a NaN is larger than any number, as in PyTorch.
 *  Source: ONNX operator specification, TopK-1 to TopK-11. */
#include "core/along.h"
#include "core/elementwise.h"
#include "core/operand.h"

#include <inttypes.h>
#include <math.h>

struct top_k {
  bool by_input, least;
  int64_t k, given;
  int axis;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct top_k *a = attr;
  int64_t largest;
  a->by_input = opset >= 10;
  TRY(attr_int(list, "axis", -1, &a->given));
  TRY(attr_int(list, "largest", 1, &largest));
  TRY(attr_int(list, "k", 0, &a->k));
  a->least = !largest;
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct top_k *a = attr;
  int n;
  const int64_t *k = &a->k;
  TRY(operand_tensor(in, 0));
  TRY(operand_axis(a->given, &in[0].shape, &a->axis));
  CHECK(operand_given(in, n_in, 1) == a->by_input, ERR_FORMAT,
        "k is an attribute before opset 10 and an input since");
  if (a->by_input) {
    TRY(operand_ints(in, 1, 1, &n, &k));
    CHECK(n == 1, ERR_FORMAT, "input 1, k, has %d values", n);
  }
  CHECK(*k > 0 && *k <= in[0].shape.dim[a->axis], ERR_SHAPE,
        "k is %" PRId64 ", and there are %d elements along axis %d", *k, in[0].shape.dim[a->axis],
        a->axis);
  *ys = in[0].shape;
  ys->dim[a->axis] = (int)*k;
  return ERR_OK;
}

/** For each element of the output where along the axis it comes from. */
static size_t aux_bytes(const struct op_site *at)
{
  return (size_t)elementwise_count(at) * sizeof(int32_t);
}

/** a comes before b. */
static bool before(real a, real b, bool least)
{
  if (least) return a < b || (isnan(b) && !isnan(a));
  return a > b || (isnan(a) && !isnan(b));
}

/** The first k of n elements in y and `from`, by insertion: k is small where it is used. */
static void choose(const real *x, int64_t x_step, int n, bool least, int k, int64_t step, real *y,
                   int32_t *from)
{
  for (int i = 0, held = 0; i < n; i++) {
    const real v = x[i * x_step];
    int at = held;
    while (at > 0 && before(v, y[(at - 1) * step], least)) at--;
    if (at == k) continue;
    held += held < k;
    for (int j = held - 1; j > at; j--) {
      y[j * step] = y[(j - 1) * step];
      from[j * step] = from[(j - 1) * step];
    }
    y[at * step] = v;
    from[at * step] = i;
  }
}

static void forward(const struct op_fwd *c)
{
  const struct top_k *a = c->at->attr;
  const struct along l = along_axis(c->at, a->axis);
  const int n = c->at->in[0].shape.dim[a->axis], k = c->at->ys.dim[a->axis];
  int32_t *from = c->aux;
  struct nest_walk w = nest_begin(&l.others, 0);
  do {
    choose(c->x[0] + w.at[1], l.step_in, n, a->least, k, l.step_out, c->y + w.at[0],
           from + w.at[0]);
  } while (nest_next(&w));
}

static void backward(const struct op_bwd *c)
{
  const struct top_k *a = c->at->attr;
  const struct along l = along_axis(c->at, a->axis);
  const int k = c->at->ys.dim[a->axis];
  const int32_t *from = c->aux;
  struct nest_walk w = nest_begin(&l.others, 0);
  if (!c->dx[0]) return;
  do {
    for (int i = 0; i < k; i++) {
      const int64_t at = w.at[0] + i * l.step_out;
      c->dx[0][w.at[1] + from[at] * l.step_in] += c->dy[at];
    }
  } while (nest_next(&w));
}

const struct op op_top_k = {
    .name = "TopK",
    .source = "ONNX operators, TopK-11",
    .min_in = 1,
    .max_in = 2,
    .attr_bytes = sizeof(struct top_k),
    .parse = parse,
    .infer = infer,
    .aux_bytes = aux_bytes,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_AUX,
};
