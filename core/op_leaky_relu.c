/** @file
 *  LeakyRelu: y = x for x > 0, alpha x elsewhere; the derivative at 0 is alpha.
 *  Source: ONNX operator specification, LeakyRelu-16. */
#include "core/elementwise.h"

struct leaky {
  real alpha;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  struct leaky *a = attr;
  float alpha;
  TRY(attr_float(list, "alpha", 0.01F, &alpha));
  a->alpha = alpha;
  return ERR_OK;
}

/** v for x > 0, else alpha v; as two halves of which one is 0, so that no branch is needed. */
static inline real slope(real x, real v, real alpha)
{
  const real above = x > REAL(0.0) ? v : REAL(0.0), below = x > REAL(0.0) ? REAL(0.0) : v;
  return above + alpha * below;
}

static void forward(const struct op_fwd *c)
{
  const struct leaky *a = c->at->attr;
  const int64_t n = elementwise_count(c->at);
  const real alpha = a->alpha;
  const real *restrict x = c->x[0];
  real *restrict y = c->y;
  for (int64_t i = 0; i < n; i++) y[i] = slope(x[i], x[i], alpha);
}

static void backward(const struct op_bwd *c)
{
  const struct leaky *a = c->at->attr;
  const int64_t n = elementwise_count(c->at);
  const real alpha = a->alpha;
  const real *restrict x = c->x[0], *restrict dy = c->dy;
  real *restrict dx = c->dx[0];
  if (!dx) return;
  if (op_sets(c, 0)) {
    for (int64_t i = 0; i < n; i++) dx[i] = slope(x[i], dy[i], alpha);
  } else {
    for (int64_t i = 0; i < n; i++) dx[i] += slope(x[i], dy[i], alpha);
  }
}

const struct op op_leaky_relu = {
    .name = "LeakyRelu",
    .source = "ONNX operators, LeakyRelu-16",
    .min_in = 1,
    .max_in = 1,
    .attr_bytes = sizeof(struct leaky),
    .parse = parse,
    .infer = elementwise_infer,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_X,
    .can_set = true,
};
