/** @file
 *  What the rules do, against a backward pass written out by hand, and identities of METHODS section 9
 *  (T3: class activation mapping at the tap before the head).
 *
 *  The reference multiplies and adds in double.  A signal of the chain goes through at most
 *  4 + 5 + 4 * 9 products and sums, each with a rounding of 2^-24 in the float build (2^-53 in the
 *  double build) relative to the terms, so that the error is below 64 roundings of what the same pass
 *  gives when nothing cancels: with absolute weights and open gates. */
#include "check.h"
#include "core_net.h"
#include "core_unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 2, HW = NET_SIDE * NET_SIDE };

enum { TARGET = 1 };
static const int classes[BATCH] = {2, 0};

/** Signals of one sample of the chain at its taps, from the logits down. */
struct chain {
  double leaky[5 * HW], conv2[5 * HW], relu[4 * HW], conv1[4 * HW], x[NET_CHANNELS * HW];
};

/** How a signal passes a rectifier of slope `slope` (alpha where the input is not positive). */
typedef double gate(double dy, double slope);

static double always(double dy, double slope)
{
  (void)slope;
  return dy;
}

static double gradient(double dy, double slope)
{
  return dy * slope;
}
static double guided(double dy, double slope)
{
  return dy > 0.0 ? dy * slope : 0.0;
}
static double deconvnet(double dy, double slope)
{
  (void)slope;
  return dy > 0.0 ? dy : 0.0;
}

static double negative(double dy, double slope)
{
  return dy < 0.0 ? dy * slope : 0.0;
}

/** dx[c, u] = sum over m, d of w[m, c, d] dy[m, u - d], a padded convolution turned round. */
static void conv_back(const double *dy, const real *w, int outputs, int channels, int side,
                      double *dx)
{
  const int pad = side / 2;
  for (int i = 0; i < channels * HW; i++) {
    const int c = i / HW, h = i % HW / NET_SIDE, v = i % NET_SIDE;
    dx[i] = 0.0;
    for (int k = 0; k < outputs * side * side; k++) {
      const int m = k / (side * side), oh = h - k % (side * side) / side + pad;
      const int ow = v - k % side + pad;
      if (oh < 0 || ow < 0 || oh >= NET_SIDE || ow >= NET_SIDE) continue;
      dx[i] += (double)w[(m * channels + c) * side * side + k % (side * side)] *
               dy[(m * NET_SIDE + oh) * NET_SIDE + ow];
    }
  }
}

static void rectify(const double *dy, const real *x, double alpha, int n, gate *pass, double *dx)
{
  for (int i = 0; i < n; i++) dx[i] = pass(dy[i], x[i] > REAL(0.0) ? 1.0 : alpha);
}

/** conv1, conv2: what the forward pass gave for this sample. */
static void chain_back(const real *const w[3], const real *conv1, const real *conv2, int target,
                       gate *pass, struct chain *c)
{
  for (int i = 0; i < 5 * HW; i++) c->leaky[i] = (double)w[2][i / HW * NET_CLASSES + target] / HW;
  rectify(c->leaky, conv2, (double)0.01F, 5 * HW, pass, c->conv2);
  conv_back(c->conv2, w[1], 5, 4, 1, c->relu);
  rectify(c->relu, conv1, 0.0, 4 * HW, pass, c->conv1);
  conv_back(c->conv1, w[0], 4, NET_CHANNELS, 3, c->x);
}

/** Largest |v|. */
static double largest(const double *v, int n)
{
  double m = 0.0;
  for (int i = 0; i < n; i++) m = fmax(m, fabs(v[i]));
  return m;
}

/** Weights of the chain, and their absolute values. */
struct weights {
  const real *w[3];
  real a1[4 * 3 * 9], a2[5 * 4], a3[5 * NET_CLASSES];
  const real *absolute[3];
};

static void take_absolute(const real *from, int n, real *to)
{
  for (int i = 0; i < n; i++) to[i] = from[i] < REAL(0.0) ? -from[i] : from[i];
}

static void weights_make(struct weights *w)
{
  take_absolute(w->w[0], 4 * 3 * 9, w->a1);
  take_absolute(w->w[1], 5 * 4, w->a2);
  take_absolute(w->w[2], 5 * NET_CLASSES, w->a3);
  w->absolute[0] = w->a1;
  w->absolute[1] = w->a2;
  w->absolute[2] = w->a3;
}

/** bound: the signal where nothing cancels and every gate is open. */
static void compare(const struct unit *u, int index, const double *want, const double *bound)
{
  const int tap = index % u->plan->n_taps, n = (int)unit_elements(u, tap);
  const double tolerance = 64.0 * ldexp(largest(bound, n), sizeof(real) == 4 ? -24 : -53);
  assert_true(largest(want, n) > 1e3 * tolerance);
  for (int i = 0; i < n; i++) {
    if (!(fabs((double)u->g[index][i] - want[i]) <= tolerance)) {
      fail_msg("pass %d, tap %d, element %d: %g, expected %g", index / u->plan->n_taps, tap, i,
               (double)u->g[index][i], want[i]);
    }
  }
}

static void check_rule(const struct unit *u, const struct weights *w, int pass, gate *how)
{
  const int first = pass * u->plan->n_taps;
  const real *conv1 = u->a[first + unit_tap(u, "conv1")];
  const real *conv2 = u->a[first + unit_tap(u, "conv2")];
  struct chain c, bound;
  chain_back(w->w, conv1, conv2, TARGET, how, &c);
  chain_back(w->absolute, conv1, conv2, TARGET, always, &bound);
  compare(u, first + unit_tap(u, "leaky1"), c.leaky, bound.leaky);
  compare(u, first + unit_tap(u, "conv2"), c.conv2, bound.conv2);
  compare(u, first + unit_tap(u, "relu1"), c.relu, bound.relu);
  compare(u, first + unit_tap(u, "conv1"), c.conv1, bound.conv1);
  compare(u, first + unit_tap(u, "x"), c.x, bound.x);
}

static void rules_pass_rectifiers_as_written(void **unused)
{
  (void)unused;
  static const struct {
    const char *name;
    gate *pass;
  } rules[] = {
      {"gradient", gradient}, {"guided", guided}, {"deconvnet", deconvnet}, {"negative", negative}};
  static const int target_class[] = {TARGET};
  struct weights w;
  struct net net;
  struct unit u;
  double *x = net_inputs(21, NET_INPUT, -1.0, 1.0);
  net_chain(2, w.w, &net);
  weights_make(&w);
  unit_make(net.graph, 1, 1,
            "gradient/scaling/sum,guided/scaling/sum,deconvnet/scaling/sum,negative/scaling/sum",
            "all", &u);
  unit_watch(&u);
  unit_run(&u, x, target_class);
  for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
    assert_string_equal(u.plan->passes[k].rule.with.text, rules[k].name);
    check_rule(&u, &w, (int)k, rules[k].pass);
  }
  unit_free(&u);
  net_free(&net);
  free(x);
}

/** Where weights and inputs are positive no gate closes and no signal is negative: all rules agree. */
static void rules_agree_on_a_positive_network(void **unused)
{
  (void)unused;
  const struct net_spec spec = {.seed = 4, .positive = true};
  struct net net;
  struct unit u;
  double *x = net_inputs(22, (int64_t)BATCH * NET_INPUT, 0.1, 1.0);
  net_make(&spec, &net);
  unit_make(net.graph, BATCH, 1, "gradient/bias/sum,guided/bias/sum,deconvnet/bias/sum", "all", &u);
  unit_watch(&u);
  unit_run(&u, x, classes);
  assert_int_equal(u.plan->n_passes, 3);
  for (int t = 0; t < u.plan->n_taps; t++) {
    for (int p = 1; p < u.plan->n_passes; p++) {
      const size_t bytes = (size_t)(unit_elements(&u, t) * BATCH) * sizeof(real);
      assert_memory_equal(u.g[t], u.g[p * u.plan->n_taps + t], bytes);
    }
  }
  unit_free(&u);
  net_free(&net);
  free(x);
}

/** With mixed signs they differ, and below a rectifier guided and deconvnet signals are not negative. */
static void rules_differ_on_a_mixed_network(void **unused)
{
  (void)unused;
  static const char *const below[] = {"norm1", "add1", "conv3", "conv5", "conv6"};
  const struct net_spec spec = {.seed = 5};
  struct net net;
  struct unit u;
  double *x = net_inputs(23, (int64_t)BATCH * NET_INPUT, -1.0, 1.0);
  net_make(&spec, &net);
  unit_make(net.graph, BATCH, 1, "gradient_sum,guided/bias/sum,deconvnet/bias/sum", "all", &u);
  unit_watch(&u);
  unit_run(&u, x, classes);
  const int input = unit_tap(&u, "x"), n_taps = u.plan->n_taps;
  const size_t bytes = (size_t)BATCH * NET_INPUT * sizeof(real);
  for (int p = 0; p < 3; p++)
    assert_memory_not_equal(u.g[p * n_taps + input], u.g[(p + 1) % 3 * n_taps + input], bytes);
  for (size_t k = 0; k < sizeof below / sizeof *below; k++) {
    const int t = unit_tap(&u, below[k]);
    for (int64_t i = 0; i < unit_elements(&u, t) * BATCH; i++)
      assert_true(u.g[n_taps + t][i] >= REAL(0.0) && u.g[2 * n_taps + t][i] >= REAL(0.0));
  }
  unit_free(&u);
  net_free(&net);
  free(x);
}

/** T3: before pooling and a linear head the signal is w / (H W) everywhere, so that the `bias` maps are
 *  constant and Grad-CAM is the positive part of the linear approximation.
 *  The mean of n equal numbers and K products are rounded in double, then once to float. */
static void grad_cam_is_linear_approximation_before_the_head(void **unused)
{
  (void)unused;
  const real *w[3];
  struct net net;
  struct unit u;
  double *x = net_inputs(24, (int64_t)BATCH * NET_INPUT, -1.0, 1.0);
  net_chain(9, w, &net);
  unit_make(net.graph, BATCH, 1, "gradient_sum,grad_cam,linear_approx,gradient/scaling/norm",
            "leaky1", &u);
  unit_run(&u, x, classes);
  int positive = 0;
  for (int b = 0; b < BATCH; b++) {
    const float *bias = unit_map(&u, "leaky1", "gradient_sum", b, 0);
    const float *cam = unit_map(&u, "leaky1", "grad_cam", b, 0);
    const float *linear = unit_map(&u, "leaky1", "linear_approx", b, 0);
    const float *norm = unit_map(&u, "leaky1", "gradient/scaling/norm", b, 0);
    for (int i = 0; i < HW; i++) {
      const double want = fmax((double)linear[i], 0.0);
      assert_true(bias[i] == bias[0] && bias[0] != 0.0F);
      assert_true(fabs((double)cam[i] - want) <= 1e-12 * (double)norm[i] + 2.0 * ldexp(want, -24));
      positive += cam[i] > 0.0F;
    }
  }
  assert_true(positive > HW / 4);
  unit_free(&u);
  net_free(&net);
  free(x);
}

/** An override names a known operator, and is found by it alone. */
static void overrides_fit_their_operators(void **unused)
{
  (void)unused;
  for (const struct rule *const *r = rule_all; *r; r++) {
    for (const struct override *o = (*r)->overrides; o && o->backward; o++) {
      const struct op *op = o->op ? op_find(o->op) : NULL;
      if (!o->op) continue;
      if (!op) {
        fail_msg("%s overrides an unknown %s", (*r)->name, o->op);
        return;
      }
      assert_ptr_equal(rule_override(*r, op, OP_MIXING), o);
    }
  }
  assert_null(rule_override(rule_find("gradient"), op_find("Relu"), OP_POINTWISE));
  assert_null(rule_override(rule_find("guided"), op_find("Conv"), OP_WEIGHTED));
  assert_null(rule_find("no such rule"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rules_pass_rectifiers_as_written),
      cmocka_unit_test(rules_agree_on_a_positive_network),
      cmocka_unit_test(rules_differ_on_a_mixed_network),
      cmocka_unit_test(grad_cam_is_linear_approximation_before_the_head),
      cmocka_unit_test(overrides_fit_their_operators),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
