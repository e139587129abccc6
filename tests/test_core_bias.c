/** @file
 *  Biases and implicit biases complete every operator that has them, looped over op_all's cases:
 *
 *    sum y dy = sum over activations of x dx  +  sum b dy
 *
 *  for any dy, dx by the operator's own backward.  Compiled against core and core_double. */
#include "check.h"
#include "core/arena.h"
#include "core/bias.h"
#include "core/curve.h"
#include "op_cases.h"
#include "op_driver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double roundoff = sizeof(real) == sizeof(float) ? 0x1p-24 : 0x1p-53;

static bool has_biases(const struct op_driver *d)
{
  const enum op_role role = op_role(d->op, &d->at);
  if (curve_of(d->op, &d->at) == CURVE_UNKNOWN) return false;
  return role == OP_POINTWISE || role == OP_PRODUCT || role == OP_QUOTIENT || role == OP_WEIGHTED ||
         role == OP_SCALING || role == OP_LINEAR;
}

/** b dy added up; *size: of absolute values. */
static double sum_of_biases(const struct op_driver *d, double *size)
{
  double sum = 0.0;
  if (bias_is_there(d->op, &d->at)) {
    const int64_t count = bias_count(d->op, &d->at), inner = shape_inner(&d->at.ys);
    const bool of_channels = count == shape_channels(&d->at.ys);
    real *b = calloc((size_t)count, sizeof *b);
    void *work = arena_alloc(bias_work_bytes(d->op, &d->at) + 1);
    assert_true(b && work);
    bias_fill(d->op, &d->at, work, b);
    for (int64_t i = 0; i < d->n_y; i++) {
      const double term = (double)b[of_channels ? i / inner : i] * d->dy[i];
      sum += term;
      *size += fabs(term);
    }
    free(b);
    free(work);
    return sum;
  }
  if (!curve_adds(curve_of(d->op, &d->at))) return 0.0;
  void *work = arena_alloc(curve_bytes(d->op, &d->at));
  assert_non_null(work);
  const real *b = curve_biases(&(struct curve_call){.op = d->op,
                                                    .at = &d->at,
                                                    .channels = 1,
                                                    .positions = d->n_y,
                                                    .stride = d->n_y,
                                                    .x = d->x_stored[0],
                                                    .y = d->y_stored,
                                                    .work = work});
  for (int64_t i = 0; i < d->n_y; i++) {
    sum += (double)b[i] * d->dy[i];
    *size += fabs((double)b[i] * d->dy[i]);
  }
  free(work);
  return sum;
}

/** The identity of one case; 1 where the operator has implicit biases. */
static int check(struct op_driver *d)
{
  double sum = 0.0, size = 0.0;
  if (!has_biases(d)) return 0;
  driver_forward(d);
  driver_backward(d, 1, 0);
  for (int64_t i = 0; i < d->n_y; i++) {
    sum += d->y[i] * d->dy[i];
    size += fabs(d->y[i] * d->dy[i]);
  }
  for (int k = 0; k < d->at.n_in; k++) {
    for (int64_t i = 0; d->dx[k] && i < driver_count(d, k); i++) {
      sum -= d->value[k][i] * d->dx[k][i];
      size += fabs(d->value[k][i] * d->dx[k][i]);
    }
  }
  const double biases = sum_of_biases(d, &size);
  /* Each term is rounded a few times, sums of products by as many times as they are long. */
  if (!(fabs(sum - biases) <= 256.0 * roundoff * size)) {
    fail_msg("%s: %.9g is left, biases are %.9g, terms %.3g", d->op->name, sum, biases, size);
  }
  return curve_adds(curve_of(d->op, &d->at));
}

static void biases_complete_every_operator(void **state)
{
  int curved = 0;
  (void)state;
  for (const struct op_case *c = op_cases; c->op; c++) {
    struct op_driver d;
    if (driver_make(&d, c, 1, DRIVER_SPREAD, 3)) fail_msg("%s: %s", c->op, err_message());
    curved += check(&d);
    driver_free(&d);
  }
  assert_true(curved > 30);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(biases_complete_every_operator)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
