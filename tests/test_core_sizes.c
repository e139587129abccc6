/** @file
 *  Methods that look at images in several sizes: the graph at another size, cubic interpolation, what plans share,
 *  which sizes count. */
#include "check.h"
#include "core/arena.h"
#include "core/bicubic.h"
#include "core/combination.h"
#include "core_net.h"
#include "core_unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 40 };

static double cubic(double t)
{
  const double a = -0.75, d = fabs(t);
  if (d <= 1.0) return (a + 2.0) * d * d * d - (a + 3.0) * d * d + 1.0;
  return d < 2.0 ? a * (d * d * d - 5.0 * d * d + 8.0 * d - 4.0) : 0.0;
}

/** Sum over all inputs, those beyond the border being the border's. */
static double at_formula(const real *in, const int n[2], double y, double x)
{
  double sum = 0.0;
  for (int i = -3; i < n[0] + 3; i++) {
    for (int j = -3; j < n[1] + 3; j++) {
      const int r = i < 0 ? 0 : i < n[0] ? i : n[0] - 1, c = j < 0 ? 0 : j < n[1] ? j : n[1] - 1;
      sum += cubic(y - i) * cubic(x - j) * (double)in[r * n[1] + c];
    }
  }
  return sum;
}

static void bicubic_is_the_formula(void **state)
{
  static const int sizes[][4] = {
      {1, 1, 4, 3}, {2, 3, 7, 9}, {8, 5, 21, 40}, {9, 9, 9, 9}, {12, 7, 12, 30}};
  real in[MOST * MOST], out[MOST * MOST];
  double work[MOST * MOST];
  (void)state;
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    const int *from = sizes[k], *to = from + 2;
    for (int i = 0; i < from[0] * from[1]; i++) in[i] = (real)sin(1.7 * i + 0.3 * i * i);
    assert_true(bicubic_work(from, to) <= (size_t)MOST * MOST);
    bicubic(in, from, out, to, work);
    for (int y = 0; y < to[0]; y++) {
      for (int x = 0; x < to[1]; x++) {
        const double wanted = at_formula(in, from, (y + 0.5) * from[0] / to[0] - 0.5,
                                         (x + 0.5) * from[1] / to[1] - 0.5);
        /* |values| < 2: one rounding to float is at most 2^-24, sums in double far below. */
        assert_true(fabs(wanted - (double)out[y * to[1] + x]) <= 0x1p-23);
      }
    }
    if (!memcmp(from, to, 2 * sizeof *from))
      assert_memory_equal(in, out, (size_t)(from[0] * from[1]) * sizeof *in);
  }
}

static void a_graph_at_its_own_size_is_itself(void **state)
{
  struct net net;
  struct graph *same = NULL, *larger = NULL;
  char why[256];
  (void)state;
  net_make(&(struct net_spec){.seed = 4}, &net);
  assert_int_equal(graph_resize(net.graph, NET_SIDE, NET_SIDE, &same), ERR_OK);
  assert_true(graph_same(net.graph, same, why, sizeof why));
  assert_int_equal(graph_resize(net.graph, 2 * NET_SIDE, NET_SIDE + 4, &larger), ERR_OK);
  assert_false(graph_same(net.graph, larger, why, sizeof why));
  assert_non_null(strstr(why, "conv1"));
  assert_int_equal(larger->values[larger->output].is.shape.dim[1], NET_CLASSES);
  for (int v = 0; v < net.graph->n_values; v++)
    assert_ptr_equal(net.graph->values[v].is.data, larger->values[v].is.data);
  assert_int_equal(graph_resize(net.graph, 1, 1, &same), ERR_UNSUPPORTED);
  assert_non_null(strstr(err_message(), "does not take images of 1 x 1: node"));
  graph_free(&same);
  graph_free(&larger);
  net_free(&net);
}

/** What another size takes from the plan is what it would have prepared itself. */
static void shared_weights_are_the_same(void **state)
{
  struct net net;
  struct unit u;
  int shared = 0;
  (void)state;
  net_make(&(struct net_spec){.seed = 4}, &net);
  unit_make(net.graph, 2, 1, "cameras(sizes=3),grad_cam", "all", &u);
  assert_int_equal(u.plan->n_sizes, 3);
  for (int i = 0; i < u.plan->n_sizes; i++) {
    const struct plan *z = u.plan->sizes[i].plan;
    for (int n = 0; n < net.graph->n_nodes; n++) {
      const struct op *op = net.graph->nodes[n].op;
      if (!z->sites[n].prepared || z->sites[n].prepared != u.plan->sites[n].prepared) continue;
      const size_t bytes = op->prepared_bytes(&z->sites[n]);
      void *own = arena_alloc(bytes + 1);
      assert_non_null(own);
      memset(own, 0, bytes);
      op->prepare(&z->sites[n], own);
      assert_memory_equal(own, z->sites[n].prepared, bytes);
      free(own);
      shared++;
    }
  }
  assert_true(shared > 3);
  unit_free(&u);
  net_free(&net);
}

/** Two samples in one unit, each alone, and in another order of methods: the same maps. */
static void a_sample_has_one_map(void **state)
{
  struct net net;
  struct unit both, one;
  static const int classes[] = {0, 2};
  double *x = net_inputs(8, (int64_t)2 * NET_INPUT, -1.0, 1.0);
  (void)state;
  net_make(&(struct net_spec){.seed = 4}, &net);
  unit_make(net.graph, 2, 1, "cameras(sizes=3),grad_cam,cameras(sizes=2)", "all", &both);
  unit_make(net.graph, 1, 1, "cameras(sizes=2),cameras(sizes=3)", "input", &one);
  unit_run(&both, x, classes);
  const float *a = tape_rows(both.tape, both.plan->n_taps);
  double most = 0.0;
  for (int b = 0; b < 2; b++) {
    unit_run(&one, x + (int64_t)b * NET_INPUT, classes + b);
    const float *m = tape_rows(one.tape, one.plan->n_taps);
    enum { N = NET_SIDE * NET_SIDE };
    assert_memory_equal(a + (ptrdiff_t)(2 * b) * N, m + N, N * sizeof *a);
    assert_memory_equal(a + (ptrdiff_t)(2 * b + 1) * N, m, N * sizeof *a);
    for (int i = 0; i < N; i++) most = fmax(most, (double)m[i]);
  }
  assert_true(most > 0.0);
  unit_free(&both);
  unit_free(&one);
  net_free(&net);
  free(x);
}

/** Two sizes of one channel and one position: means, then the product; the second may disagree. */
static void sizes_that_disagree_do_not_count(void **state)
{
  static const char *const text[] = {"cameras(sizes=2)", "cameras(sizes=2,agree=0)"};
  const real a[] = {REAL(2.0), REAL(4.0)}, g[] = {REAL(1.0), REAL(3.0)};
  struct combination_seen seen[2];
  double work[4];
  float out = 0.0F;
  (void)state;
  for (int i = 0; i < 2; i++) {
    seen[i] = (struct combination_seen){
        .a = a + i, .g = g + i, .channels = 1, .height = 1, .width = 1, .agrees = !i};
  }
  for (int all = 0; all < 2; all++) {
    for (int predicted = 0; predicted < 2; predicted++) {
      struct combination_use use;
      assert_int_equal(combination_parse(text[all], &use), ERR_OK);
      use.combination->run_sizes(&(struct combination_sizes_call){.with = &use.with,
                                                                  .n = 2,
                                                                  .seen = seen,
                                                                  .predicted = predicted,
                                                                  .height = 1,
                                                                  .width = 1,
                                                                  .work = work,
                                                                  .out = &out});
      assert_true(out == (predicted && !all ? 2.0F : 6.0F));
    }
  }
}

/** 224 to 924 by 100, and other images in proportion. */
static void sizes_are_those_of_the_paper(void **state)
{
  const struct combination *c = combination_find("cameras");
  const struct use use = use_default("cameras", c->params);
  int out[2];
  (void)state;
  assert_int_equal(c->sizes(&use), 8);
  for (int i = 0; i < 8; i++) {
    c->size(&use, i, (const int[]){224, 448}, out);
    assert_int_equal(out[0], 224 + 100 * i);
    assert_int_equal(out[1], 448 + 200 * i);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(bicubic_is_the_formula),
                                     cmocka_unit_test(a_graph_at_its_own_size_is_itself),
                                     cmocka_unit_test(shared_weights_are_the_same),
                                     cmocka_unit_test(a_sample_has_one_map),
                                     cmocka_unit_test(sizes_that_disagree_do_not_count),
                                     cmocka_unit_test(sizes_are_those_of_the_paper)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
