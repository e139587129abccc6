/** @file
 *  Clip: y = min(max(x, lo), hi); a NaN stays a NaN.  The derivative is 1 strictly between the
 *  bounds and 0 at them and outside, which is what PyTorch's Hardtanh and ReLU6 do.  (torch.clamp
 *  passes the signal at the bounds too; both are exported as Clip, and ReLU6 is what models hold.)
 *  Bounds are attributes before opset 11 and constant inputs since.
 *  Source: ONNX operator specification, Clip-6 and Clip-13. */
#include "core/elementwise.h"
#include "core/gate.h"
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

static size_t aux_bytes(const struct op_site *at)
{
  return gate_bytes(elementwise_count(at));
}

static void forward(const struct op_fwd *c)
{
  const struct clip *a = c->at->attr;
  gate_clamp(c->x[0], elementwise_count(c->at), a->lo, a->hi, c->y, c->aux);
}

static void backward(const struct op_bwd *c)
{
  if (c->dx[0]) gate_pass(c->aux, c->dy, elementwise_count(c->at), op_sets(c, 0), c->dx[0]);
}

static bool is_constant(const struct op_site *at, real y)
{
  const struct clip *a = at->attr;
  return !(y > a->lo) || (!(y < a->hi) && isfinite(a->hi));
}

const struct op op_clip = {
    .name = "Clip",
    .source = "ONNX operators, Clip-6, Clip-13",
    .min_in = 1,
    .max_in = 3,
    .attr_bytes = sizeof(struct clip),
    .parse = parse,
    .infer = infer,
    .aux_bytes = aux_bytes,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_AUX,
    .can_set = true,
    .is_constant = is_constant,
    .in_place = OP_IN_PLACE_FORWARD | OP_IN_PLACE_BACKWARD,
};
