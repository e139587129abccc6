/** @file
 *  Units whose first nodes run part by part give the bits of units that run as a whole, wherever the
 *  head ends, whatever is asked for and whatever a part's size. */
#include "check.h"
#include "core_net.h"
#include "core_unit.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 4, SLOTS = 2 };

/* Methods and layers: several passes and one, activations that extracts keep and none, taps on both
 * sides of the cut and on one. */
static const char *const wishes[][2] = {
    {"gradient/[!r]*/*,guided/[!r]*/*,deconvnet/[!r]*/*", "all"},
    {"gradient/[!r]*/*", "all"},
    {"gradient", "input"},
    {"guided_backprop,gradient/scaling/sum", "input,relu1,max1,relu2"},
    {"grad_cam,normgrad", "pooled,relu2"},
    {"gradient/bias/sum", "conv1,joined,logits"},
};

static void same_maps(const struct unit *whole, const struct unit *parts)
{
  for (int i = 0; i < whole->plan->n_taps; i++) {
    const size_t n = (size_t)(unit_positions(whole, i) * whole->plan->taps[i].n_methods) * BATCH *
                     (size_t)whole->plan->n_targets;
    if (memcmp(tape_rows(whole->tape, i), tape_rows(parts->tape, i), n * sizeof(float)) != 0)
      fail_msg("head of %d nodes, tap %d", parts->plan->parts.head, i);
  }
}

/** The signals that a watcher sees, put together from the parts. */
static void same_signals(const struct unit *whole, const struct unit *parts)
{
  for (int i = 0; i < whole->plan->n_passes * whole->plan->n_taps; i++) {
    const int64_t n = unit_elements(whole, i % whole->plan->n_taps) * BATCH;
    assert_int_equal(!whole->g[i], !parts->g[i]);
    if (whole->g[i]) assert_memory_equal(whole->g[i], parts->g[i], (size_t)n * sizeof(real));
  }
}

static int compare(const struct graph *g, const char *const *wish, int slots)
{
  static const int classes[BATCH * SLOTS] = {0, 1, 3, 2, 1, 1, 0, -1};
  double *x = net_inputs(3, (int64_t)BATCH * NET_INPUT, -1.0, 1.0);
  struct unit whole;
  int cuts = 0;
  unit_make(g, BATCH, slots, wish[0], wish[1], &whole);
  assert_int_equal(whole.plan->parts.head, 0);
  unit_watch(&whole);
  unit_run(&whole, x, classes);
  for (int head = 1; head < g->n_nodes; head++) {
    for (int part = 1; plan_is_cut(g, head) && part < BATCH; part *= 2) {
      struct unit parts;
      unit_make_in_parts(g, BATCH, slots, wish[0], wish[1], head, part, &parts);
      assert_int_equal(parts.plan->parts.n, BATCH / part);
      unit_watch(&parts);
      unit_run(&parts, x, classes);
      unit_run(&parts, x, classes); /* nothing of a unit is left in the next one */
      same_maps(&whole, &parts);
      same_signals(&whole, &parts);
      unit_free(&parts);
      cuts++;
    }
  }
  unit_free(&whole);
  free(x);
  return cuts;
}

static void parts_give_the_bits_of_the_whole(void **unused)
{
  const struct net_spec spec = {.seed = 5};
  const real *weights[3];
  struct net net, chain;
  (void)unused;
  net_make(&spec, &net);
  net_chain(6, weights, &chain);
  for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
    for (int slots = 1; slots <= SLOTS; slots++)
      assert_true(compare(net.graph, wishes[i], slots) >= 10);
  }
  assert_true(compare(chain.graph, wishes[0], 1) >= 10);
  net_free(&net);
  net_free(&chain);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_give_the_bits_of_the_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
