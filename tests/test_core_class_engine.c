/** @file
 *  The engine of class maps: losses against central differences in double, images that do not mix, and
 *  synthetic images that depend on what names them alone. */
#include "check.h"
#include "core/class_engine.h"
#include "core_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 4 };

static const struct pixel_scale scale = {
    .channels = NET_CHANNELS, .gain = 1.5, .mean = {0.4, 0.5, 0.6}, .std = {0.2, 0.3, 0.25}};

struct site {
  struct net net;
  struct class_cells cells;
  struct plan *plan;
  struct class_engine *engine;
};

static void site_make(int batch, struct site *s)
{
  const struct net_spec spec = {.seed = 5};
  net_make(&spec, &s->net);
  assert_int_equal(class_cells_make(s->net.graph, s->net.graph->n_taps - 6, &s->cells), ERR_OK);
  const struct plan_request r = {.graph = s->net.graph,
                                 .batch = batch,
                                 .n_targets = 1,
                                 .n_methods = s->cells.n_methods,
                                 .methods = s->cells.methods,
                                 .wanted = s->cells.wanted};
  if (plan_make(&r, &s->plan)) fail_msg("%s", err_message());
  if (class_engine_make(s->plan, &scale, &s->engine)) fail_msg("%s", err_message());
}

static void site_free(struct site *s)
{
  class_engine_free(&s->engine);
  plan_free(&s->plan);
  class_cells_free(&s->cells);
  net_free(&s->net);
}

static void random_pixels(int n, real *x)
{
  double *u = net_inputs(7, (int64_t)n * NET_INPUT, 0.0, 1.0);
  for (int i = 0; i < n * NET_INPUT; i++) x[i] = (real)u[i];
  free(u);
}

#ifdef RETROGRAD_DOUBLE
/** A loss moves by the step's square times a curvature of order 1, so 1e-6 of the largest entry is far
 *  above both errors of the difference; 3 + 1 images, so that the last one is filling. */
static void gradients_of_every_loss_are_central_differences(void **unused)
{
  (void)unused;
  static const double step = 1e-5;
  static const int targets[] = {1, -1, 3};
  struct site s;
  site_make(BATCH, &s);
  for (const struct class_loss *const *l = class_loss_all; *l; l++) {
    real x[3 * NET_INPUT], g[3 * NET_INPUT];
    double up[3], down[3], worst = 0.0, size = 0.0;
    random_pixels(3, x);
    (void)class_engine_forward(s.engine, 3, x);
    memcpy(g, class_engine_backward(s.engine, *l, targets, NULL), sizeof g);
    for (int i = 0; i < 3 * NET_INPUT; i++) {
      const double old = x[i];
      x[i] = old + step;
      (void)class_engine_forward(s.engine, 3, x);
      (void)class_engine_backward(s.engine, *l, targets, up);
      x[i] = old - step;
      (void)class_engine_forward(s.engine, 3, x);
      (void)class_engine_backward(s.engine, *l, targets, down);
      x[i] = old;
      const int b = i / NET_INPUT;
      worst = fmax(worst, fabs((up[b] - down[b]) / (2.0 * step) - g[i]));
      size = fmax(size, fabs(g[i]));
      if (targets[b] < 0) assert_true(g[i] == 0.0);
    }
    assert_true(size > 1e-3);
    if (!(worst <= 1e-6 * size)) fail_msg("%s: %g of %g", (*l)->name, worst, size);
  }
  site_free(&s);
}
#else
/** The same image gives the same bits in any company and in any batch; with our own products, that is: the
 *  double build has BLAS's. */
static void an_image_does_not_depend_on_its_batch(void **unused)
{
  (void)unused;
  static const int targets[] = {2, 0, 1, 2, 3};
  struct site one, many;
  real x[5 * NET_INPUT];
  site_make(1, &one);
  site_make(5, &many);
  random_pixels(5, x);
  real all[5 * NET_INPUT];
  (void)class_engine_forward(many.engine, 5, x);
  memcpy(all, class_engine_backward(many.engine, class_loss_find("cross_entropy"), targets, NULL),
         sizeof all);
  int h = 0, w = 0;
  const real *seen = class_engine_attention(many.engine, &h, &w);
  assert_non_null(seen);
  for (int b = 0; b < 5; b++) {
    (void)class_engine_forward(one.engine, 1, x + (ptrdiff_t)b * NET_INPUT);
    const real *g =
        class_engine_backward(one.engine, class_loss_find("cross_entropy"), targets + b, NULL);
    assert_memory_equal(g, all + (ptrdiff_t)b * NET_INPUT, NET_INPUT * sizeof *g);
    assert_memory_equal(class_engine_attention(one.engine, &h, &w), seen + (ptrdiff_t)b * h * w,
                        (size_t)h * (size_t)w * sizeof *seen);
  }
  site_free(&one);
  site_free(&many);
}
#endif

/** Logits of the margin's seed are those of a seed given by hand. */
static void a_given_seed_is_carried_back(void **unused)
{
  (void)unused;
  struct site s;
  site_make(BATCH, &s);
  real x[NET_INPUT], g[NET_INPUT], seed[NET_CLASSES] = {0};
  const int target = 2;
  random_pixels(1, x);
  const real *logits = class_engine_forward(s.engine, 1, x);
  seed[target] = REAL(-1.0);
  seed[class_largest(logits, NET_CLASSES, target)] = REAL(1.0);
  memcpy(g, class_engine_backward(s.engine, class_loss_find("margin"), &target, NULL), sizeof g);
  (void)class_engine_forward(s.engine, 1, x);
  assert_memory_equal(class_engine_backward_from(s.engine, seed), g, sizeof g);
  site_free(&s);
}

enum { SIDE = 16, IMAGE = NET_CHANNELS * SIDE * SIDE };

static void make_image(const struct synthetic *d, uint64_t seed, uint32_t class, uint64_t sample,
                       real *x)
{
  const struct synthetic_use use = {d, use_default(d->name, d->params)};
  double *work = malloc((size_t)synthetic_work_bytes(SIDE, SIDE));
  assert_non_null(work);
  synthetic_make(&use,
                 (struct synthetic_site){.scale = &scale,
                                         .height = SIDE,
                                         .width = SIDE,
                                         .seed = seed,
                                         .class = class,
                                         .sample = sample,
                                         .work = work},
                 x);
  free(work);
}

static void images_depend_on_seed_class_and_sample_alone(void **unused)
{
  (void)unused;
  for (const struct synthetic *const *d = synthetic_all; *d; d++) {
    real a[IMAGE], b[IMAGE];
    make_image(*d, 3, 1, 9, a);
    make_image(*d, 3, 1, 9, b);
    assert_memory_equal(a, b, sizeof a);
    for (int k = 0; k < 3; k++) {
      make_image(*d, 3 + (k == 0), 1 + (k == 1), 9 + (k == 2), b);
      assert_memory_not_equal(a, b, sizeof a);
    }
    for (int i = 0; i < IMAGE; i++) assert_true(a[i] >= REAL(0.0) && a[i] <= REAL(1.0));
  }
}

/** Mean and deviation of 200 images of the unclipped ones lie within five of their own deviations. */
static void images_have_the_moments_that_are_written(void **unused)
{
  (void)unused;
  static const struct {
    const char *name;
    double sd;
  } cases[] = {{"grey", 0.1}, {"uniform", 0.28867513}};
  const double n = 200.0 * IMAGE;
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    double sum = 0.0, squares = 0.0;
    for (uint64_t i = 0; i < 200; i++) {
      real x[IMAGE];
      make_image(synthetic_find(cases[k].name), 0, 0, i, x);
      for (int u = 0; u < IMAGE; u++) {
        sum += (double)x[u] - 0.5;
        squares += ((double)x[u] - 0.5) * ((double)x[u] - 0.5);
      }
    }
    const double variance = cases[k].sd * cases[k].sd;
    assert_true(fabs(sum / n) < 5.0 * cases[k].sd / sqrt(n));
    assert_true(fabs(squares / n - variance) < 5.0 * variance * sqrt(2.0 / n));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
#ifdef RETROGRAD_DOUBLE
      cmocka_unit_test(gradients_of_every_loss_are_central_differences),
#else
      cmocka_unit_test(an_image_does_not_depend_on_its_batch),
#endif
      cmocka_unit_test(a_given_seed_is_carried_back),
      cmocka_unit_test(images_depend_on_seed_class_and_sample_alone),
      cmocka_unit_test(images_have_the_moments_that_are_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
