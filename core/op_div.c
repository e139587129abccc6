/** @file
 *  Div: y = a / b under numpy's broadcasting, of activations and constants; derivatives 1 / b and
 *  -a / b^2.
 *  Source: ONNX operator specification, Div-7 to Div-14. */
#include "core/binary.h"
#include "core/broadcast.h"
#include "core/elementwise.h"

SIMD_PART real quotient(real a, real b)
{
  return a / b;
}
SIMD_PART real by_a(real a, real b)
{
  (void)a;
  return REAL(1.0) / b;
}
SIMD_PART real by_b(real a, real b)
{
  return -(a / b) / b;
}

BINARY_ROW(value, quotient)
BINARY_ROW(slope_a, by_a)
BINARY_ROW(slope_b, by_b)

static void forward(const struct op_fwd *c)
{
  binary_forward(c, value);
}

/** To a, by a constant b alone. */
static void backward_scaled(const struct op_bwd *c)
{
  if (!c->dx[0]) return;
  binary_rows(c->at, 1, 1, slope_a, c->x[1], c->x[1], c->work);
  binary_weigh(c->dy, elementwise_count(c->at), c->work);
  binary_sum(c->at, 0, c->work, c->dx[0]);
}

static void backward(const struct op_bwd *c)
{
  if (c->at->in[1].fixed) {
    backward_scaled(c);
  } else {
    binary_backward(c, slope_a, slope_b);
  }
}

static unsigned reads_at(const struct op_site *at)
{
  return at->in[1].fixed ? 0 : OP_READS_X;
}

const struct op op_div = {
    .name = "Div",
    .source = "ONNX operators, Div-14",
    BINARY_FIELDS,
    .reads_at = reads_at,
};
