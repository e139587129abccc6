/** @file
 *  The identity, and the shape of element-by-element operators. */
#include "core/elementwise.h"

#include "core/operand.h"
#include "core/simd.h"

#include <string.h>

err elementwise_infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  (void)attr, (void)n_in;
  TRY(operand_tensor(in, 0));
  *ys = in[0].shape;
  return ERR_OK;
}

void elementwise_copy(const struct op_fwd *c)
{
  if (c->y != c->x[0]) memcpy(c->y, c->x[0], (size_t)elementwise_count(c->at) * sizeof *c->y);
}

SIMD static void scale_set(const real *dy, real scale, int64_t n, real *dx)
{
  SIMD_INDEPENDENT
  for (int64_t i = 0; i < n; i++) dx[i] = scale * dy[i];
}

SIMD static void scale_add(const real *restrict dy, real scale, int64_t n, real *restrict dx)
{
  for (int64_t i = 0; i < n; i++) dx[i] += scale * dy[i];
}

void elementwise_scale(const real *dy, real scale, int64_t n, bool set, real *dx)
{
  if (set) {
    scale_set(dy, scale, n, dx);
  } else {
    scale_add(dy, scale, n, dx);
  }
}

void elementwise_pass(const struct op_bwd *c)
{
  const int64_t n = elementwise_count(c->at);
  real *dx = c->dx[0];
  if (!dx || (op_sets(c, 0) && dx == c->dy)) return;
  if (op_sets(c, 0)) {
    memcpy(dx, c->dy, (size_t)n * sizeof *dx);
  } else {
    elementwise_scale(c->dy, REAL(1.0), n, false, dx);
  }
}
