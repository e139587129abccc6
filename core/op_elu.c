/** @file
 *  Elu: y = x for x > 0, alpha (exp(x) - 1) elsewhere; the derivative at 0 is alpha.
 *  Exponentials are taken in double, so that their float roundings do not depend on which variant
 *  of the mathematics library the machine picks.
 *  Source: ONNX operator specification, Elu-6; Clevert, Unterthiner, Hochreiter 2015, arXiv:1511.07289. */
#include "core/elementwise.h"

#include <math.h>

struct elu {
  real alpha;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  struct elu *a = attr;
  float alpha;
  TRY(attr_float(list, "alpha", 1.0F, &alpha));
  a->alpha = alpha;
  return ERR_OK;
}

static void forward(const struct op_fwd *c)
{
  const struct elu *a = c->at->attr;
  const int64_t n = elementwise_count(c->at);
  const double alpha = (double)a->alpha;
  const real *restrict x = c->x[0];
  real *restrict y = c->y;
  for (int64_t i = 0; i < n; i++)
    y[i] = x[i] > REAL(0.0) ? x[i] : (real)(alpha * expm1((double)x[i]));
}

static void backward(const struct op_bwd *c)
{
  const struct elu *a = c->at->attr;
  const int64_t n = elementwise_count(c->at);
  const double alpha = (double)a->alpha;
  const real *restrict x = c->x[0], *restrict dy = c->dy;
  real *restrict dx = c->dx[0];
  if (!dx) return;
  for (int64_t i = 0; i < n; i++)
    dx[i] += x[i] > REAL(0.0) ? dy[i] : (real)(alpha * exp((double)x[i])) * dy[i];
}

const struct op op_elu = {
    .name = "Elu",
    .source = "ONNX operators, Elu-6",
    .min_in = 1,
    .max_in = 1,
    .attr_bytes = sizeof(struct elu),
    .parse = parse,
    .infer = elementwise_infer,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_X,
};
