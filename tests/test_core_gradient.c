/** @file
 *  Signals of the rule `gradient` against central differences of whole networks, at every tap, and
 *  extracts against the weight gradients of virtual layers made real.
 *
 *  The network is piecewise linear but for one Elu, so (f(x + h) - f(x - h)) / 2h is the derivative up
 *  to h^2 / 6 of a third derivative of order 1, and to the rounding eps |f| / h.  In double with
 *  h = 1e-5 both are below 1e-10; the bound asked for is 1e-6 of the largest entry.  In float the
 *  rounding alone would leave 2^-24 / h, so that only the double build runs this test. */
#include "check.h"
#include "core_net.h"
#include "core_unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 2 };

static const double step = 1e-5, tolerance = 1e-6;
static const int classes[BATCH] = {1, 3};

/** Seed and network of the tests; every logit depends on every tap. */
static const struct net_spec plain = {.seed = 5};

/** Logit of the target of every sample. */
static void logits_of(struct unit *u, const double *x, double *s)
{
  unit_forward(u, x);
  for (int b = 0; b < BATCH; b++) s[b] = (double)tape_logits(u->tape)[classes[b] * BATCH + b];
}

/** d(logit of sample b) / d(*p), when *p is read by every sample alike.  */
static void difference(struct unit *u, const double *x, real *p, double *slope)
{
  double up[BATCH], down[BATCH];
  const real old = *p;
  *p = (real)((double)old + step);
  logits_of(u, x, up);
  *p = (real)((double)old - step);
  logits_of(u, x, down);
  *p = old;
  for (int b = 0; b < BATCH; b++) slope[b] = (up[b] - down[b]) / (2.0 * step);
}

/** The same network twice: as it is, with its signals, and one to take differences in. */
struct pair {
  struct net net, moved;
  struct unit signals, differences;
  double *x;
};

static void pair_make(const struct net_spec *moved, const char *methods, struct pair *p)
{
  const struct net_spec still = {.seed = moved->seed, .positive = moved->positive};
  net_make(&still, &p->net);
  net_make(moved, &p->moved);
  p->x = net_inputs(11, (int64_t)BATCH * NET_INPUT, -1.0, 1.0);
  unit_make(p->net.graph, BATCH, 1, methods, "all", &p->signals);
  unit_watch(&p->signals);
  unit_run(&p->signals, p->x, classes);
  unit_make(p->moved.graph, BATCH, 1, "gradient_sum", "input", &p->differences);
}

static void pair_free(struct pair *p)
{
  unit_free(&p->signals);
  unit_free(&p->differences);
  net_free(&p->net);
  net_free(&p->moved);
  free(p->x);
}

/** Largest |difference - signal| and |signal| at a tap. */
static void compare_probe(struct pair *p, const struct net_probe *probe, double *error,
                          double *size)
{
  const real *g = p->signals.g[unit_tap(&p->signals, probe->of)];
  double slope[BATCH];
  *error = *size = 0.0;
  for (int64_t i = 0; i < probe->n; i++) {
    difference(&p->differences, p->x, &probe->data[i], slope);
    for (int b = 0; b < BATCH; b++) {
      const double v = (double)g[b * probe->n + i];
      *error = fmax(*error, fabs(slope[b] - v));
      *size = fmax(*size, fabs(v));
    }
  }
}

/** Every element of every value: the input, shared ones, both sides of the residual sum, the logits. */
static void signals_are_central_differences_at_every_tap(void **unused)
{
  (void)unused;
  const struct net_spec probed = {.seed = plain.seed, .probes = true};
  struct pair p;
  pair_make(&probed, "gradient_sum", &p);
  assert_int_equal(p.moved.n_probes, p.net.graph->n_taps);
  for (int i = 0; i < p.moved.n_probes; i++) {
    double error, size;
    compare_probe(&p, &p.moved.probe[i], &error, &size);
    assert_true(size > 1e-3);
    if (!(error <= tolerance * size))
      fail_msg("%s: error %g of %g", p.moved.probe[i].of, error, size);
  }
  pair_free(&p);
}

/** The inputs themselves, moved in the unit's memory. */
static void input_gradient_is_central_differences(void **unused)
{
  (void)unused;
  struct pair p;
  double error = 0.0, size = 0.0;
  pair_make(&plain, "gradient_sum", &p);
  const real *g = p.signals.g[unit_tap(&p.signals, "x")];
  for (int64_t i = 0; i < (int64_t)BATCH * NET_INPUT; i++) {
    const int b = (int)(i / NET_INPUT);
    const double old = p.x[i];
    double up[BATCH], down[BATCH];
    p.x[i] = old + step;
    logits_of(&p.differences, p.x, up);
    p.x[i] = old - step;
    logits_of(&p.differences, p.x, down);
    p.x[i] = old;
    error = fmax(error, fabs((up[b] - down[b]) / (2.0 * step) - (double)g[i]));
    size = fmax(size, fabs((double)g[i]));
  }
  assert_true(size > 1e-3 && error <= tolerance * size);
  pair_free(&p);
}

/** Sum of a map over its positions, and of its absolute values. */
static double total(const struct unit *u, const char *tap, const char *method, int b, double *size)
{
  const float *map = unit_map(u, tap, method, b, 0);
  const int64_t n = unit_positions(u, unit_tap(u, tap));
  double sum = 0.0;
  *size = 0.0;
  for (int64_t i = 0; i < n; i++) {
    sum += (double)map[i];
    *size += fabs((double)map[i]);
  }
  return sum;
}

static const struct {
  const char *method;
  enum net_layer layer;
} layers[] = {{"gradient/bias/sum", NET_BIAS},
              {"gradient/scaling/sum", NET_SCALING},
              {"gradient/conv1x1/sum", NET_CONV1X1},
              {"gradient/conv3x3/sum", NET_CONV3X3},
              {"gradient/conv3x3_depthwise/sum", NET_CONV3X3_DEPTHWISE}};

/** With a real identity layer behind a tap,  sum of dS/dtheta  is the sum over u of the `sum` map.
 *  Maps are rounded to float: 2^-24 of each |entry|, besides the differences' own error. */
static void check_virtual(const char *tap, int k)
{
  const struct net_spec spec = {.seed = plain.seed, .behind = tap, .layer = layers[k].layer};
  struct pair p;
  double sum[BATCH] = {0.0}, moved[BATCH] = {0.0};
  pair_make(&spec, layers[k].method, &p);
  assert_true(p.moved.n_theta > 0);
  for (int64_t i = 0; i < p.moved.n_theta; i++) {
    double slope[BATCH];
    difference(&p.differences, p.x, &p.moved.theta[i], slope);
    for (int b = 0; b < BATCH; b++) {
      sum[b] += slope[b];
      moved[b] += fabs(slope[b]);
    }
  }
  for (int b = 0; b < BATCH; b++) {
    double size;
    const double map = total(&p.signals, tap, layers[k].method, b, &size);
    assert_true(moved[b] > 1e-3);
    if (!(fabs(sum[b] - map) <= tolerance * moved[b] + ldexp(size, -24))) {
      fail_msg("%s at %s: %.9g by differences, %.9g by the map", layers[k].method, tap, sum[b],
               map);
    }
  }
  pair_free(&p);
}

static void maps_are_gradients_of_virtual_layers(void **unused)
{
  (void)unused;
  static const char *const taps[] = {"x", "conv1", "relu1", "add1", "max1", "joined", "elu1"};
  for (size_t t = 0; t < sizeof taps / sizeof *taps; t++)
    for (int k = 0; k < (int)(sizeof layers / sizeof *layers); k++) check_virtual(taps[t], k);
}

/** Every single weight of a virtual 1x1 convolution:  dS/dW[i, j] = sum over u of g_i a_j. */
static void each_virtual_weight_is_an_entry_of_the_extract(void **unused)
{
  (void)unused;
  const struct net_spec spec = {.seed = plain.seed, .behind = "add1", .layer = NET_CONV1X1};
  struct pair p;
  pair_make(&spec, "gradient/conv1x1/sum", &p);
  const int tap = unit_tap(&p.signals, "add1"), k = p.signals.plan->taps[tap].channels;
  const int64_t n = unit_positions(&p.signals, tap);
  assert_non_null(p.signals.a[tap]);
  for (int i = 0; i < k * k; i++) {
    double slope[BATCH];
    difference(&p.differences, p.x, &p.moved.theta[i], slope);
    for (int b = 0; b < BATCH; b++) {
      const real *g = p.signals.g[tap] + (b * k + i / k) * n;
      const real *a = p.signals.a[tap] + (b * k + i % k) * n;
      double sum = 0.0, size = 0.0;
      for (int64_t u = 0; u < n; u++) {
        sum += (double)(g[u] * a[u]);
        size += fabs((double)(g[u] * a[u]));
      }
      assert_true(fabs(slope[b] - sum) <= tolerance * size);
    }
  }
  pair_free(&p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(signals_are_central_differences_at_every_tap),
      cmocka_unit_test(input_gradient_is_central_differences),
      cmocka_unit_test(maps_are_gradients_of_virtual_layers),
      cmocka_unit_test(each_virtual_weight_is_an_entry_of_the_extract),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
