/** @file
 *  Conformance of all operators, looped over op_all; compiled against core and core_double. */
#include "check.h"
#include "op_cases.h"
#include "op_driver.h"
#include "ref_ops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_CASES = 240, MAX_BATCH = 3 };

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

/** Run `check` on every case at every batch; a failure prints the case. */
static void over_all_cases(enum driver_values how, void (*check)(struct op_driver *d))
{
  char attrs[160], inputs[64];
  uint64_t state = 7;
  const struct op_case *fixed = op_cases;
  for (int i = 0; fixed->op || i < RANDOM_CASES; i += !fixed->op, fixed += fixed->op != NULL) {
    const struct op_case c = fixed->op ? *fixed
                             : i % 3   ? op_random_case(&state, attrs, inputs)
                                       : op_random_wide_case(&state, attrs, inputs);
    const int batch = 1 + (int)driver_random(&state, MAX_BATCH);
    for (int b = fixed->op ? 1 : batch; b <= (fixed->op ? MAX_BATCH : batch); b++) {
      struct op_driver d;
      const err e = driver_make(&d, &c, b, how, (uint64_t)i + (uint64_t)b);
      if (e) print_error("%s: %s\n", c.op, err_message());
      assert_int_equal(e, ERR_OK);
      check(&d);
      driver_free(&d);
    }
  }
}

/** Fail with the operator's shapes in the message. */
static void fail_at(const struct op_driver *d, int64_t i, double got, double want, double bound)
{
  char x[96], y[96];
  print_error("%s %s -> %s, batch %d, element %lld: got %.17g, want %.17g, bound %.3g\n",
              d->op->name, shape_text(&d->in[0].shape, "N", x, sizeof x),
              shape_text(&d->at.ys, "N", y, sizeof y), d->batch, (long long)i, got, want, bound);
  for (int k = 0; k < d->attrs.n; k++) print_error("  with attribute %s\n", d->attr[k].name);
  fail();
}

static void expect(const struct op_driver *d, int64_t i, double got, double want, double bound)
{
  if (!(fabs(got - want) <= bound)) fail_at(d, i, got, want, bound);
}

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

/** The reference's result for one sample. */
static struct ref_call reference_of(const struct op_driver *d, int sample)
{
  struct ref_call c = {.attrs = &d->attrs, .opset = d->opset, .n_in = d->at.n_in};
  for (int i = 0; i < c.n_in; i++) {
    const struct shape *s = &d->in[i].shape;
    const int64_t at = d->dx[i] ? sample * shape_count(s) : 0;
    c.in[i] = (struct ref_tensor){.rank = s->rank, .ints = d->in[i].ints};
    if (d->value[i]) c.in[i].v = d->value[i] + at;
    for (int k = 0; k < s->rank; k++) c.in[i].dim[k] = s->dim[k];
  }
  ref_find(d->op->name)(&c);
  return c;
}

/** Any order of n additions and products errs by at most gamma_n = n u / (1 - n u) of the sum of
 *  absolute values (Higham 2002, section 3.1); the reference itself, in double, by as much again. */
static void check_sample(struct op_driver *d, int sample)
{
  struct ref_call c = reference_of(d, sample);
  const double u = roundoff + 0x1p-53, gamma = c.terms * u / (1.0 - c.terms * u);
  const int64_t n = d->n_y / d->batch;
  assert_int_equal(c.y.rank, d->at.ys.rank);
  for (int k = 0; k < c.y.rank; k++) assert_int_equal(c.y.dim[k], d->at.ys.dim[k]);
  for (int64_t i = 0; i < n; i++) expect(d, i, d->y[sample * n + i], c.y.v[i], gamma * c.scale[i]);
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
  over_all_cases(DRIVER_SPREAD, check_forward);
  over_all_cases(DRIVER_INTEGERS, check_forward);
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
      expect(d, i, d->dx[k][i], slope, 1e-6 * top + 1e-11);
    }
  }
}

static void backward_equals_central_differences(void **state)
{
  (void)state;
  over_all_cases(DRIVER_SPREAD, check_differences);
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
  expect(d, 0, backward, forward - dot(d->y, d->dy, d->n_y), 0.0);
}

static void backward_is_the_transpose(void **state)
{
  (void)state;
  over_all_cases(DRIVER_INTEGERS, check_transpose);
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
    expect(d, i, twice[i], 2.0 * once[i], bound);
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
    for (int64_t i = 0; i < n; i++) expect(d, i, others[i], all[i], 0.0);
    free(all);
    free(others);
  }
}

static void backward_accumulates(void **state)
{
  (void)state;
  over_all_cases(DRIVER_INTEGERS, check_accumulation);
}

static void backward_leaves_out_null(void **state)
{
  (void)state;
  over_all_cases(DRIVER_SPREAD, check_null);
}

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
      if (!same_bits(before, after, n)) fail_at(d, keep, 0, 0, 0);
      free(after);
    }
    free(before);
  }
}

static void samples_do_not_see_each_other(void **state)
{
  (void)state;
  over_all_cases(DRIVER_SPREAD, check_independence);
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
  struct ref_call c = reference_of(d, sample);
  double *dx = calloc((size_t)n, sizeof *dx);
  assert_non_null(dx);
  ref_max_backward(&c, d->dy + sample * outputs, dx);
  for (int64_t i = 0; i < n; i++) expect(d, i, d->dx[0][sample * n + i], dx[i], 0.0);
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
  over_all_cases(DRIVER_INTEGERS, check_winners);
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
      for (int64_t i = 0; i < driver_count(d, k); i++) expect(d, i, d->dx[k][i], added[i], 0.0);
      free(added);
    }
  }
}

static void setting_equals_adding_to_zeros(void **state)
{
  (void)state;
  over_all_cases(DRIVER_SPREAD, check_setting);
}

/** y on x[0] changes neither y nor what backward makes of aux. */
static void check_in_place(struct op_driver *d)
{
  const bool same_size = !d->in[0].fixed && driver_count(d, 0) == d->n_y;
  if (!(d->op->in_place & OP_IN_PLACE_FORWARD) || !same_size) return;
  driver_forward(d);
  double *apart = copy_of(d->y, d->n_y);
  driver_forward_in_place(d);
  for (int64_t i = 0; i < d->n_y; i++) expect(d, i, d->y[i], apart[i], 0.0);
  free(apart);
}

static void forward_works_in_place(void **state)
{
  (void)state;
  over_all_cases(DRIVER_SPREAD, check_in_place);
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
      cmocka_unit_test(setting_equals_adding_to_zeros),
      cmocka_unit_test(forward_works_in_place),
      cmocka_unit_test(one_value_as_both_operands_gets_both_signals),
      cmocka_unit_test(samples_do_not_see_each_other),
      cmocka_unit_test(bad_nodes_are_refused),
      cmocka_unit_test(edges_are_those_of_pytorch),
      cmocka_unit_test(first_of_equal_maxima_and_last_nan_win),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
