/** @file
 *  Conformance of all operators, looped over op_all; compiled against core and core_double. */
#include "check.h"
#include "op_cases.h"
#include "op_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Operators that are linear (or affine) in all activations together and exact on small integers; products
 *  only where the other operand is a constant. */
static const char *const exact_linear[] = {
    "Add",      "Cast",   "Concat",       "Conv",      "CumSum",  "DepthToSpace",
    "Dropout",  "Einsum", "Expand",       "Flatten",   "Gather",  "Gemm",
    "Identity", "MatMul", "Mul",          "Neg",       "Pad",     "ReduceSum",
    "Reshape",  "Slice",  "SpaceToDepth", "Split",     "Squeeze", "Sub",
    "Sum",      "Tile",   "Transpose",    "Unsqueeze", "Where"};

/** Half a unit in the last place of 1, relative. */
static const double roundoff = sizeof(real) == sizeof(float) ? 0x1p-24 : 0x1p-53;

static void every_operator_has_a_case_and_a_reference(void **state)
{
  (void)state;
  for (const struct op *const *op = op_all; *op; op++) {
    int n = 0, bad = 0;
    for (const struct op_case *c = op_cases; c->op; c++) n += !strcmp(c->op, (*op)->name);
    for (const struct bad_case *c = op_bad_cases; c->is.op; c++)
      bad += !strcmp(c->is.op, (*op)->name);
    if (!n || !bad || !ref_find((*op)->name)) print_error("%s is not tested\n", (*op)->name);
    assert_true(n && bad && ref_find((*op)->name));
    assert_true((*op)->source && (*op)->infer && (*op)->forward && (*op)->backward);
    assert_true(!(*op)->attr_bytes == !(*op)->parse);
  }
}

/** Any order of n additions and products errs by at most gamma_n = n u / (1 - n u) of the sum of
 *  absolute values (Higham 2002, section 3.1); the reference itself, in double, by as much again. */
static void check_sample(struct op_driver *d, int sample)
{
  struct ref_call c = check_reference(d, sample);
  const double u = roundoff + 0x1p-53, gamma = c.terms * u / (1.0 - c.terms * u);
  const int64_t n = d->n_y / d->batch;
  assert_int_equal(c.y.rank, d->at.ys.rank);
  for (int k = 0; k < c.y.rank; k++) assert_int_equal(c.y.dim[k], d->at.ys.dim[k]);
  for (int64_t i = 0; i < n; i++)
    check_near(d, i, d->y[sample * n + i], c.y.v[i], gamma * c.scale[i]);
  free(c.y.v);
  free(c.scale);
}

static void check_forward(struct op_driver *d)
{
  driver_forward(d);
  for (int b = 0; b < d->batch; b++) check_sample(d, b);
}

static void forward_equals_the_reference(void **state)
{
  (void)state;
  check_all_cases(DRIVER_SPREAD, check_forward);
  check_all_cases(DRIVER_INTEGERS, check_forward);
}

static double dot(const double *a, const double *b, int64_t n)
{
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

#ifdef RETROGRAD_DOUBLE
/** sum(dy y) with element i of input k moved by h. */
static double moved(struct op_driver *d, int k, int64_t i, double h)
{
  const double old = d->value[k][i];
  d->value[k][i] = old + h;
  driver_forward(d);
  d->value[k][i] = old;
  return dot(d->dy, d->y, d->n_y);
}

/** Central differences.  All values are multiples of 1/256 plus 1/512, kinks are multiples of 1/256
 *  and values differ by 1/256 at least, so h = 1/8192 crosses no kink and swaps no maximum.  The
 *  error is h^2 / 6 f''' = 2.5e-9 f''' plus roundoff / h = 1e-12 of |f|: within 1e-6 of the largest
 *  derivative, which the case's own values keep near 1. */
static void check_differences(struct op_driver *d)
{
  const double h = 0x1p-13;
  for (int k = 0; k < d->at.n_in; k++) {
    const int64_t n = driver_count(d, k);
    if (!d->dx[k] || n > 2000 || n * d->n_y > 1000000) continue;
    driver_forward(d);
    driver_backward(d, 1, 0);
    double top = 0.0;
    for (int64_t i = 0; i < n; i++) top = fmax(top, fabs(d->dx[k][i]));
    for (int64_t i = 0; i < n; i++) {
      const double slope = (moved(d, k, i, h) - moved(d, k, i, -h)) / (2.0 * h);
      check_near(d, i, d->dx[k][i], slope, 1e-6 * top + 1e-11);
    }
  }
}

static void backward_equals_central_differences(void **state)
{
  (void)state;
  check_all_cases(DRIVER_SPREAD, check_differences);
}
#endif

static bool is_exact_linear(const struct op_driver *d)
{
  if (!strcmp(d->op->name, "Mul") || !strcmp(d->op->name, "MatMul") ||
      !strcmp(d->op->name, "Einsum"))
    return d->at.n_in < 2 || d->in[0].fixed || d->in[1].fixed;
  for (size_t i = 0; i < sizeof exact_linear / sizeof *exact_linear; i++)
    if (!strcmp(d->op->name, exact_linear[i])) return true;
  return false;
}

/** <forward(v) - forward(0), w> == <v, backward(w)>, exactly. */
static void check_transpose(struct op_driver *d)
{
  if (!is_exact_linear(d)) return;
  driver_forward(d);
  driver_backward(d, 1, 0);
  const double forward = dot(d->y, d->dy, d->n_y);
  double backward = 0.0;
  for (int k = 0; k < d->at.n_in; k++) {
    if (!d->dx[k]) continue;
    backward += dot(d->value[k], d->dx[k], driver_count(d, k));
    memset(d->value[k], 0, (size_t)driver_count(d, k) * sizeof *d->value[k]);
  }
  driver_forward(d);
  check_near(d, 0, backward, forward - dot(d->y, d->dy, d->n_y), 0.0);
}

static void backward_is_the_transpose(void **state)
{
  (void)state;
  check_all_cases(DRIVER_INTEGERS, check_transpose);
}

/** Every dx of one backward pass, one after the other, new; *n elements.  Inputs in `skip` get
 *  NULL, inputs in `left_out` are not in the result. */
static double *signals_of(struct op_driver *d, int times, unsigned skip, unsigned left_out,
                          int64_t *n)
{
  int64_t total = 0;
  for (int k = 0; k < d->at.n_in; k++) total += d->dx[k] ? driver_count(d, k) : 0;
  double *all = calloc((size_t)total + 1, sizeof *all);
  assert_non_null(all);
  driver_backward(d, times, skip);
  *n = 0;
  for (int k = 0; k < d->at.n_in; k++) {
    if (!d->dx[k] || left_out >> k & 1U) continue;
    memcpy(all + *n, d->dx[k], (size_t)driver_count(d, k) * sizeof *all);
    *n += driver_count(d, k);
  }
  return all;
}

/** Twice into the same dx gives twice.  On integers that is exact (one addition an element, or exact
 *  sums) but for the averaging pools, whose shares are rounded: dy is made positive, so that nothing
 *  cancels, and an element gets at most 2 * 16 shares (kernels up to 4 x 4). */
static void check_accumulation(struct op_driver *d)
{
  int64_t n;
  const bool rounded = strstr(d->op->name, "Average") != NULL;
  for (int64_t i = 0; rounded && i < d->n_y; i++) d->dy[i] = fabs(d->dy[i]);
  driver_forward(d);
  double *once = signals_of(d, 1, 0, 0, &n), *twice = signals_of(d, 2, 0, 0, &n);
  for (int64_t i = 0; i < n; i++) {
    const double bound = rounded ? 33.0 * roundoff * 2.0 * fabs(once[i]) : 0.0;
    check_near(d, i, twice[i], 2.0 * once[i], bound);
  }
  free(once);
  free(twice);
}

/** An input whose dx is NULL does not change what the others get. */
static void check_null(struct op_driver *d)
{
  driver_forward(d);
  for (int k = 0; k < d->at.n_in; k++) {
    int64_t n;
    double *all = signals_of(d, 1, 0, 1U << k, &n),
           *others = signals_of(d, 1, 1U << k, 1U << k, &n);
    for (int64_t i = 0; i < n; i++) check_near(d, i, others[i], all[i], 0.0);
    free(all);
    free(others);
  }
}

static void backward_accumulates(void **state)
{
  (void)state;
  check_all_cases(DRIVER_INTEGERS, check_accumulation);
}

static void backward_leaves_out_null(void **state)
{
  (void)state;
  check_all_cases(DRIVER_SPREAD, check_null);
}

static bool same_bits(const double *a, const double *b, int64_t n)
{
  return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

/** Sample `keep` of y and of every dx, one after the other, new. */
static double *results_of(struct op_driver *d, int keep, int64_t *n)
{
  int64_t total = d->n_y / d->batch;
  for (int k = 0; k < d->at.n_in; k++) total += d->dx[k] ? driver_count(d, k) / d->batch : 0;
  double *all = malloc((size_t)total * sizeof *all), *to = all;
  driver_forward(d);
  driver_backward(d, 1, 0);
  for (int k = -1; k < d->at.n_in; k++) {
    const double *from = k < 0 ? d->y : d->dx[k];
    if (!from) continue;
    const int64_t one = (k < 0 ? d->n_y : driver_count(d, k)) / d->batch;
    memcpy(to, from + keep * one, (size_t)one * sizeof *to);
    to += one;
  }
  *n = total;
  return all;
}

/** Other samples random, zero, huge: sample `keep` keeps its bits, forward and backward. */
static void check_independence(struct op_driver *d)
{
  const double fills[] = {NAN, 0.0, 1e30, -1.0};
  for (int keep = 0; keep < d->batch; keep++) {
    int64_t n;
    double *before = results_of(d, keep, &n);
    for (int f = 0; f < 4; f++) {
      driver_change_others(d, keep, fills[f], 99);
      double *after = results_of(d, keep, &n);
      if (!same_bits(before, after, n)) check_fail(d, keep, 0, 0, 0);
      free(after);
    }
    free(before);
  }
}

static void samples_do_not_see_each_other(void **state)
{
  (void)state;
  check_all_cases(DRIVER_SPREAD, check_independence);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_operator_has_a_case_and_a_reference),
      cmocka_unit_test(forward_equals_the_reference),
#ifdef RETROGRAD_DOUBLE
      cmocka_unit_test(backward_equals_central_differences),
#endif
      cmocka_unit_test(backward_is_the_transpose),
      cmocka_unit_test(backward_accumulates),
      cmocka_unit_test(backward_leaves_out_null),
      cmocka_unit_test(samples_do_not_see_each_other),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
