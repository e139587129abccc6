/** @file
 *  Clip: y = min(max(x, lo), hi); a NaN stays a NaN.  The derivative is 1 strictly between the
 *  bounds and 0 at them and outside, which is what PyTorch's Hardtanh and ReLU6 do.  (torch.clamp
 *  passes the signal at the bounds too; both are exported as Clip, and ReLU6 is what models hold.)
 *  Bounds are attributes before opset 11 and constant inputs since.
 *  Source: ONNX operator specification, Clip-6 and Clip-13. */
#include "core/elementwise.h"
#include "core/operand.h"

#include <math.h>

struct clip {
  bool by_inputs;
  real lo, hi;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct clip *a = attr;
  float lo = -INFINITY, hi = INFINITY;
  a->by_inputs = opset >= 11;
  if (!a->by_inputs) {
    TRY(attr_float(list, "min", lo, &lo));
    TRY(attr_float(list, "max", hi, &hi));
  }
  a->lo = lo;
  a->hi = hi;
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct clip *a = attr;
  CHECK(a->by_inputs || n_in == 1, ERR_FORMAT, "bounds as inputs came with opset 11");
  if (operand_given(in, n_in, 1)) TRY(operand_scalar(in, 1, &a->lo));
  if (operand_given(in, n_in, 2)) TRY(operand_scalar(in, 2, &a->hi));
  return elementwise_infer(attr, in, n_in, ys);
}

static void forward(const struct op_fwd *c)
{
  const struct clip *a = c->at->attr;
  const int64_t n = elementwise_count(c->at);
  const real lo = a->lo, hi = a->hi;
  const real *restrict x = c->x[0];
  real *restrict y = c->y;
  for (int64_t i = 0; i < n; i++) {
    const real raised = x[i] < lo ? lo : x[i];
    y[i] = raised > hi ? hi : raised;
  }
}

static void backward(const struct op_bwd *c)
{
  const struct clip *a = c->at->attr;
  const int64_t n = elementwise_count(c->at);
  const real lo = a->lo, hi = a->hi;
  const real *restrict y = c->y, *restrict dy = c->dy;
  real *restrict dx = c->dx[0];
  if (!dx) return;
  for (int64_t i = 0; i < n; i++) {
    const real signal = dy[i]; /* read in any case, so that no branch is needed */
    dx[i] += (y[i] > lo) & (y[i] < hi) ? signal : REAL(0.0);
  }
}

const struct op op_clip = {
    .name = "Clip",
    .source = "ONNX operators, Clip-6, Clip-13",
    .min_in = 1,
    .max_in = 3,
    .attr_bytes = sizeof(struct clip),
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_Y,
};
