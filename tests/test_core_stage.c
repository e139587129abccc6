/** @file
 *  Randomised networks: a tape whose stages have other weights gives, bit for bit, what a network with those
 *  weights in its file gives, also where forward begins at the first of them. */
#include "check.h"
#include "core/stage.h"
#include "core/tape.h"
#include "core_net.h"
#include "core_unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 3, SLOTS = 2, SEED = 11 };

static const int classes[SLOTS * BATCH] = {1, 3, 0, 2, 2, 2};
static const char *const methods =
    "gradient/[!r]*/*,guided_backprop,lrp_epsilon,lrp_zplus,grad_cam";
static const char *const layers = "input,relu1,leaky1,joined,clip1,elu1,relu2,logits";

static struct initialise_use normal(void)
{
  return (struct initialise_use){initialise_find("normal"), 0.1};
}

static void network(struct net *out)
{
  const struct net_spec spec = {.seed = 5};
  net_make(&spec, out);
}

/** A network whose own weights are those of the marked stages [n]. */
static void network_with(const struct stage *s, int n, const bool *marked, struct net *out)
{
  const struct initialise_use how = normal();
  network(out);
  for (int k = 0; k < n; k++)
    if (marked[k]) stage_randomise(out->graph, &s[k], 1, &how, SEED);
}

static void same_rows(const struct unit *a, const struct unit *b, const char *what)
{
  for (int t = 0; t < a->plan->n_taps; t++) {
    const size_t n =
        (size_t)BATCH * SLOTS * (size_t)a->plan->taps[t].n_methods * (size_t)unit_positions(a, t);
    if (memcmp(tape_rows(a->tape, t), tape_rows(b->tape, t), n * sizeof(float)) != 0)
      fail_msg("%s: maps at %s differ", what, a->plan->graph->values[a->plan->taps[t].value].name);
  }
}

/** Two networks, the second with every stage randomised, and a unit that may begin again anywhere. */
struct pair {
  struct net own, other;
  struct stage *stages;
  int n;
  bool *resume, *swapped;
  struct unit unit, random;
};

static void pair_make(struct pair *p)
{
  bool all[NET_PROBES];
  memset(all, true, sizeof all);
  network(&p->own);
  assert_int_equal(stage_list(p->own.graph, &p->stages, &p->n), ERR_OK);
  network_with(p->stages, p->n, all, &p->other);
  const size_t nodes = (size_t)p->own.graph->n_nodes;
  p->resume = calloc(nodes, sizeof *p->resume);
  p->swapped = calloc(nodes, sizeof *p->swapped);
  assert_non_null(p->resume);
  assert_non_null(p->swapped);
  for (int k = 0; k < p->n; k++) p->resume[p->stages[k].node] = true;
  unit_make_resumed(p->own.graph, BATCH, SLOTS, methods, layers, p->resume, &p->unit);
  unit_make_resumed(p->other.graph, BATCH, SLOTS, methods, layers, p->resume, &p->random);
}

static void pair_free(struct pair *p)
{
  unit_free(&p->unit);
  unit_free(&p->random);
  free(p->resume);
  free(p->swapped);
  free(p->stages);
  net_free(&p->own);
  net_free(&p->other);
}

static void against_a_file(struct pair *p, const double *x, const bool *marked, int first,
                           const char *what)
{
  struct net net;
  struct unit plain;
  network_with(p->stages, p->n, marked, &net);
  unit_make(net.graph, BATCH, SLOTS, methods, layers, &plain);
  unit_run(&plain, x, classes);
  tape_use_weights(p->unit.tape, p->random.plan, p->swapped);
  tape_forward_from(p->unit.tape, p->stages[first].node);
  tape_backward_all(p->unit.tape, classes, 0);
  same_rows(&p->unit, &plain, what);
  unit_free(&plain);
  net_free(&net);
}

static void cascade_and_single_stages(void **unused)
{
  (void)unused;
  struct pair p;
  bool marked[NET_PROBES] = {false};
  double *x = net_inputs(3, (int64_t)BATCH * NET_INPUT, -1.0, 1.0);
  pair_make(&p);
  assert_int_equal(p.n, 7); /* six convolutions, one with its normalisation, and the Gemm */
  unit_run(&p.unit, x, classes);
  for (int k = 0; k < p.n; k++) {
    marked[k] = true;
    stage_mark(&p.stages[k], p.swapped);
    against_a_file(&p, x, marked, k, "cascade");
  }
  /* forward begins at what the cascade left: one whole pass with the own weights first */
  tape_use_weights(p.unit.tape, NULL, NULL);
  unit_run(&p.unit, x, classes);
  for (int k = p.n - 1; k >= 0; k--) {
    memset(marked, 0, sizeof marked);
    memset(p.swapped, 0, (size_t)p.own.graph->n_nodes * sizeof *p.swapped);
    marked[k] = true;
    stage_mark(&p.stages[k], p.swapped);
    tape_use_weights(p.unit.tape, NULL, NULL);
    tape_forward_from(p.unit.tape, p.stages[k == p.n - 1 ? k : k + 1].node);
    against_a_file(&p, x, marked, k, "a single stage");
  }
  pair_free(&p);
  free(x);
}

/** Mean and deviation of the weights of the last convolution, and the fixed numbers. */
static void initialisers_have_their_moments(void **unused)
{
  (void)unused;
  for (const struct initialise *i = initialise_all; i->name; i++) {
    enum { N = 40000 };
    real *x = malloc(N * sizeof *x);
    const struct random_place at = {.seed = 1, .stream = RANDOM_INITIAL};
    const struct initialise_tensor t = {INITIALISE_WEIGHT, N, 100, 50};
    double sum = 0.0, squares = 0.0;
    assert_non_null(x);
    i->fill(&at, &t, 0.1, x);
    for (int k = 0; k < N; k++) sum += (double)x[k];
    for (int k = 0; k < N; k++) squares += (double)x[k] * (double)x[k];
    const double std = !strcmp(i->name, "torch")     ? 0.1 / sqrt(3.0)
                       : !strcmp(i->name, "kaiming") ? 0.2
                                                     : 0.1;
    assert_true(fabs(sum / N) < 5.0 * std / sqrt(N));
    assert_true(fabs(sqrt(squares / N) / std - 1.0) < 5.0 / sqrt(2.0 * N));
    free(x);
  }
}

/** Numbers of a tensor depend on its place alone: a longer one begins with those of a shorter one. */
static void numbers_are_counted(void **unused)
{
  (void)unused;
  real shorter[1500], longer[3000];
  const struct random_place at = {.seed = 3, .stream = RANDOM_INITIAL, .copy = 7};
  struct initialise_tensor t = {INITIALISE_WEIGHT, 1500, 1, 1};
  initialise_find("normal")->fill(&at, &t, 1.0, shorter);
  t.count = 3000;
  initialise_find("normal")->fill(&at, &t, 1.0, longer);
  assert_memory_equal(shorter, longer, sizeof shorter);
}

/** A signal put at a value of a chain gives below it what the same signal of a whole pass gives. */
static void backward_from_a_value(void **unused)
{
  (void)unused;
  struct net net;
  struct unit u;
  network(&net);
  bool *resume = calloc((size_t)net.graph->n_nodes, sizeof *resume);
  double *x = net_inputs(3, (int64_t)BATCH * NET_INPUT, -1.0, 1.0);
  assert_non_null(resume);
  unit_make_resumed(net.graph, BATCH, 1, "gradient_sum", "input,relu1,clip1,elu1", resume, &u);
  unit_watch(&u);
  unit_run(&u, x, classes);
  const int elu = unit_tap(&u, "elu1"), value = u.plan->taps[elu].value;
  const int64_t n = unit_elements(&u, elu), plane = unit_positions(&u, elu);
  real *g = malloc((size_t)(n * BATCH) * sizeof *g);
  const size_t bytes = (size_t)(BATCH * unit_elements(&u, 0)) * sizeof *g;
  real *below = malloc(bytes);
  assert_true(g && below);
  memcpy(g, u.g[elu], (size_t)(n * BATCH) * sizeof *g);
  memcpy(below, u.g[0], bytes);
  memset(u.g[0], 0, bytes);
  real *to = tape_signal(u.tape, value);
  for (int64_t c = 0; c < n / plane; c++) {
    for (int64_t b = 0; b < BATCH; b++)
      memcpy(to + (c * BATCH + b) * plane, g + b * n + c * plane, (size_t)plane * sizeof *g);
  }
  tape_backward_below(u.tape, 0, 0, value);
  /* everything between the input and the logits passes elu1 */
  assert_memory_equal(below, u.g[0], bytes);
  free(g);
  free(below);
  free(resume);
  free(x);
  unit_free(&u);
  net_free(&net);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cascade_and_single_stages),
      cmocka_unit_test(initialisers_have_their_moments),
      cmocka_unit_test(numbers_are_counted),
      cmocka_unit_test(backward_from_a_value),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
