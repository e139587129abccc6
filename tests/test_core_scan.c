/** @file
 *  What a scan decides with: the classic index against Neural Cleanse's own run, leads, p-values; and what it
 *  measures, on a small network whose best map is known. */
#include "check.h"
#include "core/neuron_inspect.h"
#include "core/scan_decide.h"
#include "core_net.h"

#include <math.h>
#include <string.h>

static const double nan_ = (double)NAN;

/** The median, the MAD and the least norm that Neural Cleanse's authors print for their example, by five numbers
 *  that have them: |16.117647 - 64.466667| / 13.238736 = 3.652087. */
static void the_classic_index_is_that_of_the_authors(void **unused)
{
  (void)unused;
  /* distances from the median 48.3, 8.929, 0, 8.929, 25.5: their median is 8.929 = 13.238736 / 1.4826 */
  const double x[] = {90.0, 64.466667 - 13.238736 / 1.4826, 64.466667, 16.117647,
                      64.466667 + 13.238736 / 1.4826};
  double work[5];
  int at = 0;
  const double index = scan_anomaly_index(x, 5, work, &at);
  assert_int_equal(at, 3);
  if (fabs(index - 3.652087) > 1e-6) fail_msg("%.9f", index);
}

static void equal_missing_and_few_numbers_are_no_evidence(void **unused)
{
  (void)unused;
  const double equal[] = {2.0, 2.0, 2.0, 2.0}, few[] = {1.0, nan_, 5.0, nan_},
               holes[] = {1.0, nan_, 5.0, 7.0, 6.0};
  double work[5];
  int at = 0;
  assert_true(isnan(scan_anomaly_index(equal, 4, work, &at)));
  assert_int_equal(at, -1);
  assert_true(isnan(scan_anomaly_index(few, 4, work, &at)));
  assert_true(scan_anomaly_index(holes, 5, work, &at) > 2.0);
  assert_int_equal(at, 0);
  assert_true(isnan(scan_lead(equal, 4, 1)));
  assert_true(isnan(scan_lead(few, 4, 1)));
  const double lead[SCAN_TESTS] = {nan_, nan_, nan_};
  assert_true(isnan(scan_score(lead, NULL)));
  assert_true(scan_p(nan_) == 1.0);
  assert_true(scan_probability(nan_) == 0.5);
}

static void a_lead_is_over_the_best_other_class(void **unused)
{
  (void)unused;
  const double x[] = {1.0, 4.0, 2.5, nan_};
  assert_true(scan_lead(x, 4, 1) == 1.5);
  assert_true(scan_lead(x, 4, 2) == -1.5);
  assert_true(isnan(scan_lead(x, 4, 3)));
  assert_true(scan_log_gain(exp(1.0)) == 1.0);
  assert_true(scan_log_gain(-3.0) == scan_log_gain(0.1));
}

static void p_falls_with_the_score_down_to_its_least(void **unused)
{
  (void)unused;
  double last = 1.0;
  for (int i = 0; i < 220; i++) {
    const double s = -5.0 + 0.25 * i;
    assert_true(scan_p_counted(s) <= last && scan_p_counted(s) >= scan_least_p());
    last = scan_p_counted(s);
  }
  assert_true(scan_p_counted(1e6) == scan_least_p() && scan_p_counted(-1e6) == 1.0);
  assert_true(scan_least_p() == 1.0 / (1.0 + scan_null_models()));
  /* the law's mean is that of the null: the mean is the integral of p */
  double mean = 0.0;
  for (int i = 0; i < 20000; i++) mean += 1e-3 * scan_p(1e-3 * (i + 0.5));
  const double harmonic = 1.0 + 1.0 / 2.0 + 1.0 / 3.0;
  assert_int_equal(SCAN_TESTS, 3);
  if (fabs(mean / (scan_null_scale() * harmonic) - 1.0) > 1e-3) fail_msg("%g", mean);
  assert_true(scan_p(nan_) == 1.0 && scan_p(-1.0) == 1.0 && scan_p(100.0) < 1e-9);
  assert_true(scan_probability(20.0) > 0.9 && scan_probability(-20.0) < 0.5);
}

struct site {
  struct net net;
  struct class_cells cells;
  struct plan *plan;
  struct scan_lab *lab;
};

static const struct pixel_scale scale = {
    .channels = NET_CHANNELS, .gain = 1.0, .mean = {0.4, 0.5, 0.6}, .std = {0.2, 0.3, 0.25}};

static void site_make(int batch, struct site *s)
{
  const struct net_spec spec = {.seed = 5};
  net_make(&spec, &s->net);
  assert_int_equal(class_cells_make(s->net.graph, -1, &s->cells), ERR_OK);
  const struct plan_request r = {.graph = s->net.graph,
                                 .batch = batch,
                                 .n_targets = 1,
                                 .n_methods = s->cells.n_methods,
                                 .methods = s->cells.methods,
                                 .wanted = s->cells.wanted};
  if (plan_make(&r, &s->plan)) fail_msg("%s", err_message());
  if (scan_lab_make(s->plan, &scale, &s->lab)) fail_msg("%s", err_message());
}

static void site_free(struct site *s)
{
  scan_lab_free(&s->lab);
  plan_free(&s->plan);
  class_cells_free(&s->cells);
  net_free(&s->net);
}

enum { POOL = 16 };

static const struct scan_pool_settings pool_settings = {
    .n = POOL, .steps = 12, .step = 0.02, .margin = 3.0, .seed = 4};

static const struct scan_class_settings settings = {
    .locate = {.steps = 6, .samples = 6, .step = 0.03, .eta = 0.08},
    .blend = {.steps = 4, .samples = 6, .step = 0.02, .bound = 0.05},
    .patch = {.windows = 3, .kept = 2, .backgrounds = 4, .early = 3, .steps = 6, .step = 0.2},
    .tests = {true, true, true},
    .most = 8};

static void measure(struct site *s, struct scan_scores *out)
{
  struct scan_pool *pool = NULL;
  struct scan_room *room = NULL;
  memset(out, 0, sizeof *out);
  assert_int_equal(scan_pool_make(s->lab, POOL, &pool), ERR_OK);
  scan_pool_fill(&pool_settings, s->lab, 0, POOL, pool);
  assert_int_equal(scan_room_make(s->lab, POOL, 3, &room), ERR_OK);
  scan_class(&settings, s->lab, pool, NULL, 2, (struct scan_part){-1, 0, 2}, room, out);
  const double length = scan_length(s->lab->pixels, scan_room_map(room));
  assert_true(length > 0.0 && length <= settings.locate.eta * s->lab->root * (1.0 + 1e-5));
  for (int64_t u = 0; u < s->lab->pixels; u++)
    assert_true(fabs((double)scan_room_blend(room)[u]) <= settings.blend.bound * (1.0 + 1e-6));
  scan_room_free(&room);
  scan_pool_free(&pool);
}

/** The patterns push: every gain is above that of doing nothing, which is 0. */
static void patterns_push_towards_their_class(void **unused)
{
  (void)unused;
  struct site s;
  struct scan_scores a;
  site_make(4, &s);
  measure(&s, &a);
  for (int t = 0; t < SCAN_TESTS; t++) {
    if (!(a.gain[t] > 0.0)) fail_msg("%s: %g", scan_test_names[t], a.gain[t]);
    assert_true(a.rate[t] >= 0.0 && a.rate[t] <= 1.0 && isnan(a.clean_rate[t]));
    assert_int_equal(a.window[t][2], t >= SCAN_PATCH ? scan_patch_side(s.lab, t) : -1);
  }
  site_free(&s);
}

/** Nothing depends on how many images go through the network together; with our own products. */
static void scores_do_not_depend_on_the_batch(void **unused)
{
  (void)unused;
  struct site s;
  struct scan_scores a, b;
  site_make(4, &s);
  measure(&s, &a);
  site_free(&s);
  site_make(7, &s);
  measure(&s, &b);
  site_free(&s);
  assert_memory_equal(a.gain, b.gain, sizeof a.gain);
  assert_memory_equal(a.window, b.window, sizeof a.window);
}

/** The pool's images reach their margin or took every step, and are pixels. */
static void the_pool_is_nudged(void **unused)
{
  (void)unused;
  struct site s;
  struct scan_pool *p = NULL, *still = NULL;
  const struct scan_pool_settings none = {
      .n = POOL, .steps = 0, .step = 0.02, .margin = 3.0, .seed = 4};
  site_make(4, &s);
  assert_int_equal(scan_pool_make(s.lab, POOL, &p), ERR_OK);
  assert_int_equal(scan_pool_make(s.lab, POOL, &still), ERR_OK);
  scan_pool_fill(&pool_settings, s.lab, 0, POOL, p);
  scan_pool_fill(&none, s.lab, 0, POOL, still);
  for (int i = 0; i < POOL; i++) {
    assert_int_equal(p->classes[i], i % NET_CLASSES);
    assert_true(p->margins[i] >= 3.0 || p->margins[i] > still->margins[i]);
  }
  for (int64_t u = 0; u < POOL * s.lab->pixels; u++)
    assert_true(p->images[u] >= REAL(0.0) && p->images[u] <= REAL(1.0));
  scan_pool_free(&p);
  scan_pool_free(&still);
  site_free(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_classic_index_is_that_of_the_authors),
      cmocka_unit_test(equal_missing_and_few_numbers_are_no_evidence),
      cmocka_unit_test(a_lead_is_over_the_best_other_class),
      cmocka_unit_test(p_falls_with_the_score_down_to_its_least),
      cmocka_unit_test(patterns_push_towards_their_class),
      cmocka_unit_test(scores_do_not_depend_on_the_batch),
      cmocka_unit_test(the_pool_is_nudged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
