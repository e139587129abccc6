/** @file
 *  What a unit gives does not depend on how it is computed: bit for bit the same rows whatever else is
 *  in the plan, in the unit, and in the memory before. */
#include "alloc_watch.h"
#include "check.h"
#include "core/tape.h"
#include "core_net.h"
#include "core_unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 3, SLOTS = 3 };

static const int classes[SLOTS * BATCH] = {1, 3, 0, 2, 2, 2, 0, 1, 3};
static const char *const everything =
    "gradient/[!r]*/*,guided/[!r]*/*,deconvnet/[!r]*/*,normgrad,grad_cam,linear_approx";

static struct net net;
static double *x;

static int setup(void **unused)
{
  (void)unused;
  const struct net_spec spec = {.seed = 5};
  net_make(&spec, &net);
  x = net_inputs(3, (int64_t)BATCH * NET_INPUT, -1.0, 1.0);
  return 0;
}

static int teardown(void **unused)
{
  (void)unused;
  net_free(&net);
  free(x);
  return 0;
}

static struct unit full_unit(void)
{
  struct unit u;
  unit_make(net.graph, BATCH, SLOTS, everything, "all", &u);
  return u;
}

static const char *tap_name(const struct unit *u, int tap)
{
  return net.graph->values[u->plan->taps[tap].value].name;
}

/** The maps of `part`, slot `s` there, are those of `whole`, slot `slot`; for one sample. */
static void same_sample(const struct unit *part, int s, const struct unit *whole, int slot, int b)
{
  for (int t = 0; t < part->plan->n_taps; t++) {
    for (int m = 0; m < part->plan->n_methods; m++) {
      const char *tap = tap_name(part, t), *method = part->plan->methods[m].given;
      const size_t bytes = (size_t)unit_positions(part, t) * sizeof(float);
      if (memcmp(unit_map(part, tap, method, b, s), unit_map(whole, tap, method, b, slot), bytes) !=
          0)
        fail_msg("%s at %s of sample %d differs", method, tap, b);
    }
  }
}

static void same_maps(const struct unit *part, int s, const struct unit *whole, int slot)
{
  for (int b = 0; b < BATCH; b++) same_sample(part, s, whole, slot, b);
}

/** Maps are numbers, and not all of them zero. */
static void check_alive(const struct unit *u)
{
  for (int t = 0; t < u->plan->n_taps; t++) {
    const int64_t n =
        (int64_t)BATCH * u->plan->n_targets * u->plan->n_methods * unit_positions(u, t);
    const float *rows = tape_rows(u->tape, t);
    int64_t moved = 0;
    for (int64_t i = 0; i < n; i++) {
      if (!isfinite(rows[i])) fail_msg("a map at %s is %g", tap_name(u, t), (double)rows[i]);
      moved += rows[i] != 0.0F;
    }
    if (moved * 5 < n) fail_msg("the maps at %s are nearly all zero", tap_name(u, t));
  }
}

static void one_plan_gives_what_single_plans_give(void **unused)
{
  (void)unused;
  static const char *const methods[] = {"gradient/[!r]*/*",    "guided/[!r]*/*",
                                        "deconvnet/[!r]*/*",   "gradient/bias/sum",
                                        "guided/scaling/norm", "grad_cam"};
  struct unit whole = full_unit();
  unit_run(&whole, x, classes);
  check_alive(&whole);
  assert_int_equal(whole.plan->n_passes, 3);
  for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
    for (int slot = 0; slot < SLOTS; slot++) {
      struct unit one;
      unit_make(net.graph, BATCH, 1, methods[m], "all", &one);
      assert_int_equal(one.plan->n_passes, 1);
      unit_run(&one, x, classes + (ptrdiff_t)slot * BATCH);
      same_maps(&one, 0, &whole, slot);
      unit_free(&one);
    }
  }
  unit_free(&whole);
}

static void some_layers_give_what_all_layers_give(void **unused)
{
  (void)unused;
  static const char *const layers[] = {"input", "relu1",  "logits,x", "convs", "joined,max1,norm1",
                                       "Relu",  "pooled", "flat",     "elu1",  "leaky1,clip1"};
  struct unit whole = full_unit();
  unit_run(&whole, x, classes);
  for (size_t l = 0; l < sizeof layers / sizeof *layers; l++) {
    struct unit part;
    unit_make(net.graph, BATCH, SLOTS, everything, layers[l], &part);
    unit_run(&part, x, classes);
    for (int slot = 0; slot < SLOTS; slot++) same_maps(&part, slot, &whole, slot);
    unit_free(&part);
  }
  unit_free(&whole);
}

/** Sample 1 with other neighbours: other numbers, zeros, NaN. */
static void a_sample_does_not_depend_on_its_neighbours(void **unused)
{
  (void)unused;
  struct unit alone = full_unit(), other = full_unit();
  double *y = net_inputs(77, (int64_t)BATCH * NET_INPUT, -9.0, 9.0);
  unit_run(&alone, x, classes);
  for (int round = 0; round < 3; round++) {
    for (int64_t i = 0; i < (int64_t)BATCH * NET_INPUT; i++) {
      if (round > 0) y[i] = round == 1 ? 0.0 : (double)NAN;
      if (i / NET_INPUT == 1) y[i] = x[i];
    }
    unit_run(&other, y, classes);
    for (int slot = 0; slot < SLOTS; slot++) same_sample(&other, slot, &alone, slot, 1);
  }
  free(y);
  unit_free(&alone);
  unit_free(&other);
}

static void passes_are_counted(void **unused)
{
  (void)unused;
  struct unit u = full_unit();
  int64_t forward, backward;
  for (int round = 1; round <= 3; round++) {
    unit_run(&u, x, classes);
    tape_passes(u.tape, &forward, &backward);
    assert_int_equal(forward, round);
    assert_int_equal(backward, round * u.plan->n_passes * SLOTS);
  }
  unit_free(&u);
}

/** A target that is missing: its rows alone become NaN when blanked, the others keep their bits. */
static void blanking_touches_one_target_of_one_sample(void **unused)
{
  (void)unused;
  int some[SLOTS * BATCH];
  struct unit whole = full_unit(), u = full_unit();
  memcpy(some, classes, sizeof some);
  some[1 * BATCH + 2] = -1;
  unit_run(&whole, x, classes);
  unit_run(&u, x, some);
  tape_blank(u.tape, 2, 1);
  for (int slot = 0; slot < SLOTS; slot++) {
    for (int b = 0; b < BATCH; b++)
      if (slot != 1 || b != 2) same_sample(&u, slot, &whole, slot, b);
  }
  for (int t = 0; t < u.plan->n_taps; t++) {
    for (int m = 0; m < u.plan->n_methods; m++) {
      const float *map = unit_map(&u, tap_name(&u, t), u.plan->methods[m].given, 2, 1);
      for (int64_t i = 0; i < unit_positions(&u, t); i++) assert_true(isnan(map[i]));
    }
  }
  unit_free(&whole);
  unit_free(&u);
}

/** Every byte of the arena is NaN before the unit starts: nothing is read before it is written. */
static void nothing_stale_is_read(void **unused)
{
  (void)unused;
  static const char *const layers[] = {"all", "input", "relu1,max1", "logits"};
  for (size_t l = 0; l < sizeof layers / sizeof *layers; l++) {
    size_t bytes;
    struct unit clean, dirty;
    unit_make(net.graph, BATCH, SLOTS, everything, layers[l], &clean);
    unsigned char *arena = alloc_last_aligned(&bytes);
    memset(arena, 0, bytes);
    unit_make(net.graph, BATCH, SLOTS, everything, layers[l], &dirty);
    arena = alloc_last_aligned(&bytes);
    assert_true(bytes >= (size_t)dirty.plan->arena_bytes);
    assert_true(bytes < (size_t)dirty.plan->arena_bytes + 64);
    unit_run(&clean, x, classes);
    for (int round = 0; round < 2; round++) {
      memset(arena, 0xff, bytes);
      unit_run(&dirty, x, classes);
      for (int slot = 0; slot < SLOTS; slot++) same_maps(&dirty, slot, &clean, slot);
    }
    unit_free(&clean);
    unit_free(&dirty);
  }
}

/** Several units on one tape: the second gives what a fresh tape gives. */
static void a_used_tape_is_as_good_as_new(void **unused)
{
  (void)unused;
  static const int others[SLOTS * BATCH] = {3, 2, 1, 0, 1, 2, 3, -1, 0};
  struct unit used = full_unit(), fresh = full_unit();
  double *y = net_inputs(78, (int64_t)BATCH * NET_INPUT, -3.0, 3.0);
  unit_run(&used, y, others);
  unit_run(&used, x, classes);
  unit_run(&fresh, x, classes);
  for (int slot = 0; slot < SLOTS; slot++) same_maps(&used, slot, &fresh, slot);
  free(y);
  unit_free(&used);
  unit_free(&fresh);
}

static void a_unit_allocates_nothing(void **unused)
{
  (void)unused;
  struct unit u = full_unit();
  unit_run(&u, x, classes);
  const int64_t before = alloc_calls();
  assert_true(before > 0);
  for (int round = 0; round < 10; round++) unit_run(&u, x, classes);
  assert_int_equal(alloc_calls(), before);
  unit_free(&u);
}

/** The activation that the watch sees is the one of the forward pass, or it is not there. */
static void watched_activations_are_never_stale(void **unused)
{
  (void)unused;
  struct unit all = full_unit();
  unit_watch(&all);
  unit_run(&all, x, classes);
  for (int t = 0; t < all.plan->n_taps; t++) {
    struct unit one;
    const size_t bytes = (size_t)(unit_elements(&all, t) * BATCH) * sizeof(real);
    assert_non_null(all.a[t]);
    for (int k = 0; k < 2; k++) {
      unit_make(net.graph, BATCH, 1, k ? "gradient/scaling/sum" : "gradient_sum", tap_name(&all, t),
                &one);
      unit_watch(&one);
      unit_run(&one, x, classes + (ptrdiff_t)(SLOTS - 1) * BATCH);
      /* for `gradient_sum` alone nothing reads it when the signal has come down to it */
      if ((one.a[0] != NULL) != (k == 1)) fail_msg("%s is kept: %d", tap_name(&all, t), !k);
      if (k) assert_memory_equal(one.a[0], all.a[t], bytes);
      assert_memory_equal(one.g[0], all.g[t], bytes);
      unit_free(&one);
    }
  }
  unit_free(&all);
}

/** Bytes of a plan for one target at every layer. */
static int64_t bytes_of(const char *methods, const char *layers)
{
  struct unit u;
  unit_make(net.graph, BATCH, 1, methods, layers, &u);
  const int64_t bytes = u.plan->arena_bytes;
  unit_free(&u);
  return bytes;
}

/** What is not read is not kept: by layers, by rules, by extracts, by passes. */
static void memory_follows_what_is_read(void **unused)
{
  (void)unused;
  const int64_t one = bytes_of("gradient_sum", "all");
  assert_true(bytes_of("gradient_sum", "logits") < one);
  assert_true(one < bytes_of("linear_approx", "all"));
  assert_true(one < bytes_of("gradient_sum,guided/bias/sum", "all"));
}

/** A node's backward reads what the rule's override says, or the operator; nothing where no signal
 *  is wanted below it. */
static void reads_follow_the_rule(void **unused)
{
  (void)unused;
  struct unit u;
  unit_make(net.graph, BATCH, 1, "gradient_sum,deconvnet/bias/sum,guided/bias/sum", "relu1", &u);
  for (int i = 0; i < net.graph->n_nodes; i++) {
    const struct node *n = &net.graph->nodes[i];
    const bool below = n->out <= u.plan->taps[0].value; /* relu1 and what leads to it */
    const unsigned own = plan_reads(u.plan, &u.plan->passes[0], i);
    const unsigned other = plan_reads(u.plan, &u.plan->passes[1], i);
    assert_int_equal(own, below ? 0 : op_reads(n->op, &u.plan->sites[i]));
    assert_int_equal(other, u.plan->passes[1].overrides[i] ? 0 : own);
    assert_int_equal(plan_reads(u.plan, &u.plan->passes[2], i),
                     own); /* it calls the operator's own */
  }
  unit_free(&u);
}

/** A plan without methods computes logits, and they are those of any other plan. */
static void a_plan_without_methods_goes_forward(void **unused)
{
  (void)unused;
  const struct plan_request r = {.graph = net.graph, .batch = BATCH, .n_targets = 1};
  struct unit full = full_unit(), bare = {0};
  real logits[NET_CLASSES * BATCH];
  assert_int_equal(plan_make(&r, &bare.plan), ERR_OK);
  assert_int_equal(tape_make(bare.plan, &bare.tape), ERR_OK);
  unit_forward(&full, x);
  memcpy(logits, tape_logits(full.tape), sizeof logits);
  unit_forward(&bare, x);
  assert_memory_equal(logits, tape_logits(bare.tape), sizeof logits);
  unit_free(&full);
  unit_free(&bare);
}

/** Plan and tape when allocation number n fails: an error, and nothing is lost. */
static void every_failed_allocation_is_reported(void **unused)
{
  (void)unused;
  struct method m = {
      .rule = rule_default(rule_all[0]), .extract = extract_all[0], .aggregate = aggregate_all};
  bool wanted[64];
  const struct plan_request r = {.graph = net.graph,
                                 .batch = 1,
                                 .n_targets = 1,
                                 .n_methods = 1,
                                 .methods = &m,
                                 .wanted = wanted};
  const int64_t before = alloc_live();
  int failures = 0;
  memset(wanted, 1, sizeof wanted);
  for (bool failed = true; failed; failures += failed) {
    struct plan *plan = NULL;
    struct tape *tape = NULL;
    alloc_fail_after(failures);
    err e = plan_make(&r, &plan);
    if (!e) e = tape_make(plan, &tape);
    failed = alloc_failed();
    assert_int_equal(e, failed ? ERR_MEMORY : ERR_OK);
    tape_free(&tape);
    plan_free(&plan);
    assert_int_equal(alloc_live(), before);
  }
  assert_true(failures > 20);
}

/** The size of a unit follows from the model alone: a power of two up to 16. */
static void a_small_model_gets_the_largest_unit(void **unused)
{
  (void)unused;
  assert_int_equal(plan_unit_size(net.graph), 16);
}

/** Extents beyond 32 bits are refused, with the option that helps. */
static void a_unit_too_large_is_refused(void **unused)
{
  (void)unused;
  const struct plan_request r = {.graph = net.graph, .batch = 1 << 24, .n_targets = 1};
  struct plan *plan = NULL;
  assert_int_equal(plan_make(&r, &plan), ERR_SHAPE);
  assert_non_null(strstr(err_message(), "--unit"));
  assert_null(plan);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_plan_gives_what_single_plans_give),
      cmocka_unit_test(some_layers_give_what_all_layers_give),
      cmocka_unit_test(a_sample_does_not_depend_on_its_neighbours),
      cmocka_unit_test(passes_are_counted),
      cmocka_unit_test(blanking_touches_one_target_of_one_sample),
      cmocka_unit_test(nothing_stale_is_read),
      cmocka_unit_test(a_used_tape_is_as_good_as_new),
      cmocka_unit_test(a_unit_allocates_nothing),
      cmocka_unit_test(watched_activations_are_never_stale),
      cmocka_unit_test(memory_follows_what_is_read),
      cmocka_unit_test(reads_follow_the_rule),
      cmocka_unit_test(a_plan_without_methods_goes_forward),
      cmocka_unit_test(every_failed_allocation_is_reported),
      cmocka_unit_test(a_small_model_gets_the_largest_unit),
      cmocka_unit_test(a_unit_too_large_is_refused),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
