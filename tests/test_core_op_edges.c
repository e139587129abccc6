/** @file
 *  Operators at their edges: ties, kinks, NaN, shared memory, nodes that are refused; compiled against core and
 *  core_double. */
#include "check.h"
#include "op_cases.h"
#include "op_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/** Both operands are one value, so both dx are one array:  d(x x) = 2 x, d(x + x) = 2. */
static void one_value_as_both_operands_gets_both_signals(void **state)
{
  (void)state;
  const struct op_case cases[] = {{"Add", 13, "", "x3,4,5 x3,4,5"},
                                  {"Mul", 13, "", "x3,4,5 x3,4,5"}};
  for (int t = 0; t < 2; t++) {
    struct op_driver d;
    assert_int_equal(driver_make(&d, &cases[t], 2, DRIVER_INTEGERS, 5), ERR_OK);
    driver_forward(&d);
    const real *x[2] = {d.x_stored[0], d.x_stored[0]};
    real y[120], dy[120], dx_sum[120] = {0};
    real *dx[2] = {dx_sum, dx_sum};
    for (int i = 0; i < 120; i++) dy[i] = (real)(i % 7);
    const struct op_fwd f = {&d.at, x, y, d.aux, d.work};
    d.op->forward(&f);
    const struct op_bwd b = {
        .at = &d.at, .x = x, .y = y, .aux = d.aux, .work = d.work, .dy = dy, .dx = dx};
    d.op->backward(&b);
    for (int i = 0; i < 120; i++) assert_true(dx_sum[i] == 2 * dy[i] * (t ? x[0][i] : 1));
    driver_free(&d);
  }
}

static void bad_nodes_are_refused(void **state)
{
  (void)state;
  for (const struct bad_case *c = op_bad_cases; c->is.op; c++) {
    struct op_driver d;
    const err e = driver_make(&d, &c->is, 1, DRIVER_SPREAD, 1);
    if (e != c->code) {
      print_error("%s '%s' '%s': got %d (%s), want %d\n", c->is.op, c->is.attrs, c->is.inputs, e,
                  e ? err_message() : "accepted", c->code);
    }
    assert_int_equal(e, c->code);
    assert_true(strlen(err_message()) > 10);
    driver_free(&d);
  }
}

/** What decides at the edge: derivatives at kinks, the first of equal maxima, NaN. */
static void edges_are_those_of_pytorch(void **state)
{
  (void)state;
  static const struct {
    struct op_case c;
    double x[4], y[4], dx[4];
  } t[] = {
      {{"Relu", 7, "", "x4"}, {0, -1, 2, NAN}, {0, 0, 2, NAN}, {0, 0, 1, 0}},
      {{"Clip", 11, "", "x4 s0 s6"}, {0, 6, 3, 7}, {0, 6, 3, 6}, {0, 0, 1, 0}},
      {{"LeakyRelu", 7, "alpha=0.5", "x4"}, {0, -1, 2, -4}, {0, -0.5, 2, -2}, {0.5, 0.5, 1, 0.5}},
      {{"PRelu", 7, "", "x4 s0.5"}, {0, -1, 2, -4}, {0, -0.5, 2, -2}, {0.5, 0.5, 1, 0.5}},
      {{"ThresholdedRelu", 10, "", "x4"}, {1, 0.5, 2, -4}, {0, 0, 2, 0}, {0, 0, 1, 0}},
      {{"Abs", 13, "", "x4"}, {0, -1, 2, -4}, {0, 1, 2, 4}, {0, -1, 1, -1}},
      {{"Celu", 12, "alpha=0.5", "x4"}, {0, 2, 3, 4}, {0, 2, 3, 4}, {1, 1, 1, 1}},
      {{"HardSigmoid", 6, "alpha=0.25 beta=0.5", "x4"},
       {-2, 2, 0, 3},
       {0, 1, 0.5, 1},
       {0, 0, 0.25, 0}},
      {{"HardSwish", 14, "", "x4"}, {-3, 3, 0, -4}, {0, 3, 0, 0}, {-0.5, 1.5, 0.5, 0}},
      {{"Sqrt", 13, "", "x4"}, {0, 4, 1, 16}, {0, 2, 1, 4}, {INFINITY, 0.25, 0.5, 0.125}},
      {{"Pow", 13, "", "x4 s2.0"}, {0, -1, 2, -4}, {0, 1, 4, 16}, {0, -2, 4, -8}},
      {{"Pow", 13, "", "x4 s0.0"}, {0, -1, 2, -4}, {1, 1, 1, 1}, {0, 0, 0, 0}},
      {{"Max", 13, "", "x4 s1.0"}, {1, 0, 2, NAN}, {1, 1, 2, NAN}, {0.5, 0, 1, 0}},
      {{"Min", 13, "", "x4 s1.0"}, {1, 0, 2, NAN}, {1, 0, 1, NAN}, {0.5, 1, 0, 0}},
      {{"ReduceMax", 13, "", "w4"}, {1, 3, 3, 2}, {3}, {0, 0.5, 0.5, 0}},
      {{"ReduceMin", 13, "", "w4"}, {1, 3, 1, 2}, {1}, {0.5, 0, 0.5, 0}},
      {{"ReduceL1", 13, "", "w4"}, {0, -3, 1, 2}, {6}, {0, -1, 1, 1}},
      {{"ReduceL2", 13, "", "w4"}, {0, 0, 0, 0}, {0}, {0, 0, 0, 0}},
      {{"ReduceProd", 13, "", "w4"}, {0, -3, 1, 2}, {0}, {-6, 0, 0, 0}},
      {{"ReduceProd", 13, "", "w4"}, {0, -3, 0, 2}, {0}, {0, 0, 0, 0}},
      {{"ReduceLogSumExp", 13, "", "w4"}, {1000, -1000, -1000, -1000}, {1000}, {1, 0, 0, 0}},
      {{"TopK", 11, "axis=0", "w4 i2"}, {1, 3, NAN, 3}, {NAN, 3}, {0, 1, 1, 0}},
      {{"TopK", 11, "axis=0 largest=0", "w4 i2"}, {2, NAN, 2, 3}, {2, 2}, {1, 0, 1, 0}},
      {{"Shrink", 9, "", "x4"}, {0.5, -0.5, 1, -1}, {0, 0, 1, -1}, {0, 0, 1, 1}},
      {{"GlobalMaxPool", 1, "", "x1,2,2"}, {1, 3, 3, 2}, {3}, {0, 1, 0, 0}},
      {{"GlobalMaxPool", 1, "", "x1,2,2"}, {1, NAN, 3, NAN}, {NAN}, {0, 0, 0, 1}},
      {{"MaxPool", 7, "kernel_shape=[2,2]", "x1,2,2"}, {1, 3, 3, 2}, {3}, {0, 1, 0, 0}},
      {{"MaxPool", 7, "kernel_shape=[2,2]", "x1,2,2"}, {1, NAN, 3, NAN}, {NAN}, {0, 0, 0, 1}},
      {{"MaxPool", 7, "kernel_shape=[2,2]", "x1,2,2"},
       {-INFINITY, -INFINITY, -INFINITY, -INFINITY},
       {-INFINITY},
       {1, 0, 0, 0}},
      {{"MaxPool", 7, "kernel_shape=[2,2] pads=[1,1,0,0]", "x1,2,2"},
       {-INFINITY, -INFINITY, -INFINITY, -INFINITY},
       {-INFINITY, -INFINITY, -INFINITY, -INFINITY},
       {4, 0, 0, 0}},
  };
  for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
    struct op_driver d;
    assert_int_equal(driver_make(&d, &t[i].c, 1, DRIVER_SPREAD, 1), ERR_OK);
    memcpy(d.value[0], t[i].x, sizeof t[i].x);
    for (int64_t k = 0; k < d.n_y; k++) d.dy[k] = 1.0;
    driver_forward(&d);
    driver_backward(&d, 1, 0);
    for (int64_t k = 0; k < d.n_y; k++)
      assert_true(d.y[k] == t[i].y[k] || (isnan(d.y[k]) && isnan(t[i].y[k])));
    for (int k = 0; k < 4; k++) assert_true(d.dx[0][k] == t[i].dx[k]);
    driver_free(&d);
  }
}

static void check_sample_winners(struct op_driver *d, int sample)
{
  const int64_t n = driver_count(d, 0) / d->batch, outputs = d->n_y / d->batch;
  struct ref_call c = check_reference(d, sample);
  double *dx = calloc((size_t)n, sizeof *dx);
  assert_non_null(dx);
  ref_max_backward(&c, d->dy + sample * outputs, dx);
  for (int64_t i = 0; i < n; i++) check_near(d, i, d->dx[0][sample * n + i], dx[i], 0.0);
  free(dx);
  free(c.y.v);
  free(c.scale);
}

/** Integers, so many are equal, and some NaN: y and dx are those of a naive search, bit for bit. */
static void check_winners(struct op_driver *d)
{
  if (strcmp(d->op->name, "MaxPool") != 0) return;
  const int64_t n = driver_count(d, 0);
  uint64_t state = (uint64_t)n;
  for (int64_t i = 0; i < n; i++)
    if (!driver_random(&state, 20)) d->value[0][i] = NAN;
  for (int64_t i = 0; i < d->n_y; i++) d->dy[i] = (double)(driver_random(&state, 9) - 4);
  driver_forward(d);
  driver_backward(d, 1, 0);
  for (int b = 0; b < d->batch; b++) check_sample_winners(d, b);
}

static void first_of_equal_maxima_and_last_nan_win(void **state)
{
  (void)state;
  check_all_cases(DRIVER_INTEGERS, check_winners);
}

static double *copy_of(const double *v, int64_t n)
{
  double *copy = malloc((size_t)n * sizeof *copy);
  assert_non_null(copy);
  memcpy(copy, v, (size_t)n * sizeof *copy);
  return copy;
}

/** Setting dx gives what adding to zeros gives, also where dx[0] lies on dy. */
static void check_setting(struct op_driver *d)
{
  driver_forward(d);
  driver_backward(d, 1, 0);
  if (!d->op->can_set) return;
  const bool same_size = !d->in[0].fixed && driver_count(d, 0) == d->n_y;
  for (int in_place = 0; in_place < 2; in_place++) {
    if (in_place && !(same_size && d->op->in_place & OP_IN_PLACE_BACKWARD)) continue;
    for (int k = 0; k < d->at.n_in; k++) {
      if (!d->dx[k]) continue;
      driver_backward(d, 1, 0);
      double *added = copy_of(d->dx[k], driver_count(d, k));
      driver_backward_set(d, in_place);
      for (int64_t i = 0; i < driver_count(d, k); i++) check_near(d, i, d->dx[k][i], added[i], 0.0);
      free(added);
    }
  }
}

static void setting_equals_adding_to_zeros(void **state)
{
  (void)state;
  check_all_cases(DRIVER_SPREAD, check_setting);
}

/** y on x[0] changes neither y nor what backward makes of aux. */
static void check_in_place(struct op_driver *d)
{
  const bool same_size = !d->in[0].fixed && driver_count(d, 0) == d->n_y;
  if (!(d->op->in_place & OP_IN_PLACE_FORWARD) || !same_size) return;
  driver_forward(d);
  double *apart = copy_of(d->y, d->n_y);
  driver_forward_in_place(d);
  for (int64_t i = 0; i < d->n_y; i++) check_near(d, i, d->y[i], apart[i], 0.0);
  free(apart);
}

static void forward_works_in_place(void **state)
{
  (void)state;
  check_all_cases(DRIVER_SPREAD, check_in_place);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(setting_equals_adding_to_zeros),
      cmocka_unit_test(forward_works_in_place),
      cmocka_unit_test(one_value_as_both_operands_gets_both_signals),
      cmocka_unit_test(bad_nodes_are_refused),
      cmocka_unit_test(edges_are_those_of_pytorch),
      cmocka_unit_test(first_of_equal_maxima_and_last_nan_win),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
