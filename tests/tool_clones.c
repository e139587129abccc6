/** @file
 *  Prints the level of the clones in use, then a hash of the bits of every operator, every extract and
 *  all maps of a small network; the outputs of two levels are compared by core_clones.py. */
#include "check.h"
#include "clone_level.h"
#include "core/extract_bands.h"
#include "core/product.h"
#include "core_net.h"
#include "core_unit.h"
#include "op_cases.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { RANDOM_CASES = 300, BATCH = 3 };

/** FNV-1a over bytes. */
static uint64_t hash(uint64_t h, const void *data, size_t bytes)
{
  const unsigned char *p = data;
  for (size_t i = 0; i < bytes; i++) h = (h ^ p[i]) * UINT64_C(0x100000001b3);
  return h;
}

static uint64_t hash_begin(void)
{
  return UINT64_C(0xcbf29ce484222325);
}

static void operator_case(const struct op_case *c, int number)
{
  struct op_driver d;
  uint64_t h = hash_begin();
  if (driver_make(&d, c, BATCH, DRIVER_SPREAD, (uint64_t)number)) fail_msg("%s", err_message());
  driver_forward(&d);
  h = hash(h, d.y, (size_t)d.n_y * sizeof *d.y);
  driver_backward(&d, 2, 0);
  for (int k = 0; k < d.at.n_in; k++)
    if (d.dx[k]) h = hash(h, d.dx[k], (size_t)driver_count(&d, k) * sizeof *d.dx[k]);
  (void)printf("%s, case %d: %016" PRIx64 "\n", c->op, number, h);
  driver_free(&d);
}

/** Planes of many vectors and odd ends, which random cases are too small for. */
static const struct op_case large_cases[] = {
    {"Conv", 13, "pads=[1,1,1,1] kernel_shape=[3,3]", "x16,29,31 c24,16,3,3 c24"},
    {"Conv", 13, "pads=[1,1,1,1] kernel_shape=[3,3] group=8", "x8,29,31 c8,1,3,3 c8"},
    {"Conv", 13, "pads=[2,2,2,2] kernel_shape=[5,5] strides=[2,2]", "x7,29,31 c9,7,5,5 c9"},
    {"Conv", 13, "kernel_shape=[1,1]", "x7,29,31 c9,7,1,1 c9"},
    {"Relu", 13, "", "x7,29,31"},
    {"Clip", 13, "", "x7,29,31 s-0.25 s0.25"},
    {"Add", 13, "", "x7,29,31 x7,29,31"},
    {"GlobalAveragePool", 13, "", "x7,29,31"},
    {"MaxPool", 13, "kernel_shape=[3,3] strides=[2,2]", "x7,29,31"},
    {"MaxPool", 13, "kernel_shape=[17,16] pads=[8,8,8,8]", "x3,29,31"},
};

static void operators(void)
{
  char attrs[160], inputs[64];
  uint64_t state = 11;
  int number = 0;
  for (const struct op_case *c = op_cases; c->op; c++) operator_case(c, number++);
  for (size_t i = 0; i < sizeof large_cases / sizeof *large_cases; i++)
    operator_case(&large_cases[i], number++);
  for (int i = 0; i < RANDOM_CASES; i++) {
    const struct op_case c =
        i % 3 ? op_random_case(&state, attrs, inputs) : op_random_wide_case(&state, attrs, inputs);
    operator_case(&c, number++);
  }
}

struct taken {
  unsigned wanted;
  uint64_t bits[N_EXTRACTS];
};

static void take(void *who, int sample, int extract, int64_t first, int n, const struct stats *s)
{
  struct taken *t = who;
  uint64_t *h = t->bits;
  float map[4096];
  (void)first, (void)sample;
  assert_true(n <= (int)(sizeof map / sizeof *map));
  for (const struct aggregate *a = aggregate_all; a->name; a++) {
    if (a->reads & ~t->wanted) continue;
    a->run(s, n, map);
    h[extract] = hash(h[extract], map, (size_t)n * sizeof *map);
  }
}

static real *field(uint64_t seed, double lowest, int64_t n)
{
  real *v = malloc((size_t)n * sizeof *v);
  assert_non_null(v);
  for (int64_t i = 0; i < n; i++) v[i] = (real)net_random(&seed, lowest, 1.0);
  return v;
}

static void extracts(int k, int h, int w, double lowest)
{
  const int64_t n = (int64_t)h * w;
  const int rows = extract_bands_rows(h, w);
  static const unsigned sets[] = {STATS_SUM,
                                  STATS_SQUARES,
                                  STATS_SUM | STATS_SQUARES,
                                  STATS_EXTREMES,
                                  STATS_SUM | STATS_SQUARES | STATS_MAX,
                                  STATS_ALL};
  real *a = field(1, lowest, k * n), *g = field(2, -1.0, k * n);
  const struct window window = {
      .kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}, .begin = {1, 1}, .end = {1, 1}};
  const struct extract_input input = {k, h, w, n, a, &window};
  const struct extract_site at = {k, h, w, n, a, g, &input};
  void *work = calloc(1, extract_bands_bytes(&at, 1, rows, (int64_t)h * w));
  assert_non_null(work);
  for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
    unsigned wanted[N_EXTRACTS];
    struct taken t = {.wanted = sets[s]};
    for (int i = 0; i < N_EXTRACTS; i++) wanted[i] = sets[s], t.bits[i] = hash_begin();
    extract_bands_run(&(struct extract_bands){.at = at,
                                              .samples = 1,
                                              .rows = rows,
                                              .wanted = wanted,
                                              .work = work,
                                              .who = &t,
                                              .take = take});
    for (int i = 0; i < N_EXTRACTS; i++) {
      (void)printf("%s of [%d, %d, %d], sums %#x: %016" PRIx64 "\n", extract_all[i]->name, k, h, w,
                   sets[s], t.bits[i]);
    }
  }
  free(a);
  free(g);
  free(work);
}

static void network(void)
{
  const struct net_spec spec = {.seed = 5};
  const int classes[BATCH] = {0, 1, 3};
  struct net net;
  struct unit u;
  net_make(&spec, &net);
  double *x = net_inputs(3, (int64_t)BATCH * NET_INPUT, -1.0, 1.0);
  unit_make(net.graph, BATCH, 1, "gradient/*/*,guided/*/*,deconvnet/*/*", "all", &u);
  unit_run(&u, x, classes);
  for (int i = 0; i < u.plan->n_taps; i++) {
    const size_t n = (size_t)(unit_positions(&u, i) * u.plan->taps[i].n_methods) * BATCH;
    (void)printf("maps at tap %d: %016" PRIx64 "\n", i,
                 hash(hash_begin(), tape_rows(u.tape, i), n * sizeof(float)));
  }
  unit_free(&u);
  net_free(&net);
  free(x);
}

int main(void)
{
  product_choose(PRODUCT_OWN); /* also where that is slow */
  (void)printf("level %d\n", clone_level());
  operators();
  extracts(5, 7, 7, -1.0);
  extracts(19, 13, 13, -1.0);
  extracts(6, 40, 57, -1.0);
  extracts(3, 1, 1, -1.0);
  extracts(5, 13, 13, 0.0);
  extracts(5, 9, 45, 0.0);
  network();
  return 0;
}
