/** @file
 *  Softmax: y_i = exp(x_i - m) / sum_j exp(x_j - m), m = max_j x_j; sums and exponentials in double.
 *  Before opset 13 over all dimensions from `axis` on, since then along one axis.
 *  Source: ONNX operator specification, Softmax-1, Softmax-13. */
#include "core/op.h"
#include "core/operand.h"

#include <math.h>

struct softmax {
  bool to_the_end; /* over all dimensions from the axis on */
  int64_t given;
  int axis;
};

/** Groups of elements that sum to one:  offset = o outer_step + i inner_step + a a_step + b, with (o, i)
 *  naming the group and (a, b) the element. */
struct groups {
  int64_t outer, outer_step, inner, inner_step;
  int64_t a, a_step, b;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct softmax *s = attr;
  s->to_the_end = opset < 13;
  return attr_int(list, "axis", opset < 13 ? 1 : -1, &s->given);
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct softmax *s = attr;
  (void)n_in;
  TRY(operand_activation(in, 0));
  TRY(operand_axis(s->given, in[0].shape.rank, &s->axis));
  *ys = in[0].shape;
  return ERR_OK;
}

static struct groups groups_of(const struct op_site *at)
{
  const struct softmax *s = at->attr;
  const int64_t length = at->ys.dim[s->axis], all = shape_count(&at->ys) * at->batch;
  int64_t after = 1;
  for (int i = s->axis + 1; i < at->ys.rank; i++) after *= at->ys.dim[i];
  const int64_t n = length * after;
  if (s->axis == 1 && s->to_the_end)
    return (struct groups){1, 0, at->batch, after, length, at->batch * after, after};
  if (s->axis == 1)
    return (struct groups){1, 0, at->batch * after, 1, length, at->batch * after, 1};
  if (s->to_the_end) return (struct groups){all / n, n, 1, 0, 1, 0, n};
  return (struct groups){all / n, n, after, 1, length, after, 1};
}

static void forward_group(const struct groups *g, const real *restrict x, real *restrict y)
{
  double top = -INFINITY, sum = 0.0;
  for (int64_t a = 0; a < g->a; a++)
    for (int64_t b = 0; b < g->b; b++) top = fmax(top, (double)x[a * g->a_step + b]);
  for (int64_t a = 0; a < g->a; a++) {
    for (int64_t b = 0; b < g->b; b++) {
      const double e = exp((double)x[a * g->a_step + b] - top);
      y[a * g->a_step + b] = (real)e;
      sum += e;
    }
  }
  for (int64_t a = 0; a < g->a; a++) {
    for (int64_t b = 0; b < g->b; b++) {
      real *out = &y[a * g->a_step + b];
      *out = (real)((double)*out / sum);
    }
  }
}

/** dx_i += y_i (dy_i - sum_j dy_j y_j). */
static void backward_group(const struct groups *g, const real *restrict y, const real *restrict dy,
                           real *restrict dx)
{
  double dot = 0.0;
  for (int64_t a = 0; a < g->a; a++) {
    for (int64_t b = 0; b < g->b; b++)
      dot += (double)dy[a * g->a_step + b] * (double)y[a * g->a_step + b];
  }
  for (int64_t a = 0; a < g->a; a++) {
    for (int64_t b = 0; b < g->b; b++) {
      const int64_t i = a * g->a_step + b;
      dx[i] += (real)((double)y[i] * ((double)dy[i] - dot));
    }
  }
}

static void forward(const struct op_fwd *c)
{
  const struct groups g = groups_of(c->at);
  for (int64_t o = 0; o < g.outer; o++) {
    for (int64_t i = 0; i < g.inner; i++) {
      const int64_t at = o * g.outer_step + i * g.inner_step;
      forward_group(&g, c->x[0] + at, c->y + at);
    }
  }
}

static void backward(const struct op_bwd *c)
{
  const struct groups g = groups_of(c->at);
  if (!c->dx[0]) return;
  for (int64_t o = 0; o < g.outer; o++) {
    for (int64_t i = 0; i < g.inner; i++) {
      const int64_t at = o * g.outer_step + i * g.inner_step;
      backward_group(&g, c->y + at, c->dy + at, c->dx[0] + at);
    }
  }
}

const struct op op_softmax = {
    .name = "Softmax",
    .source = "ONNX operators, Softmax-1, Softmax-13",
    .min_in = 1,
    .max_in = 1,
    .attr_bytes = sizeof(struct softmax),
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_Y,
};
