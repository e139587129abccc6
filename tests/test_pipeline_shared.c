/** @file
 *  Memory that ranks of a node have in common, and a graph whose weights lie there. */
#include "check.h"
#include "core/graph.h"
#include "pipeline/comm.h"
#include "pipeline/shared.h"

#include <mpi.h>
#include <stdlib.h>
#include <string.h>

static void *made(MPI_Comm ranks, int64_t bytes, struct shared **s)
{
  assert_int_equal(shared_make(ranks, bytes, s), ERR_OK);
  return shared_memory(*s);
}

static void every_rank_reads_what_the_first_wrote(void **unused)
{
  (void)unused;
  enum { N = 100000 };
  struct shared *s = NULL;
  int *x = made(comm_world(), N * (int64_t)sizeof(int), &s);
  if (comm_size() == 1) {
    assert_null(s);
    assert_true(shared_leads(s));
    assert_int_equal(shared_ranks(s), 1);
  } else {
    assert_non_null(x);
    assert_int_equal((uintptr_t)x % 64, 0);
    assert_int_equal(shared_leads(s), comm_rank() == 0);
    assert_int_equal(shared_ranks(s), comm_size());
    assert_int_equal(shared_bytes(s), N * (int64_t)sizeof(int));
    for (int i = 0; shared_leads(s) && i < N; i++) x[i] = 3 * i + 1;
    shared_settle(s);
    for (int i = 0; i < N; i++) assert_int_equal(x[i], 3 * i + 1);
  }
  shared_free(&s);
  assert_null(s);
}

static void nothing_is_not_shared(void **unused)
{
  (void)unused;
  struct shared *s = NULL;
  assert_null(made(comm_world(), 0, &s));
  assert_null(s);
  assert_null(shared_memory(NULL));
  shared_settle(NULL);
  shared_free(&s);
}

/** Ranks that do not talk to each other, as on two nodes: each half has memory of its own. */
static void groups_share_apart(void **unused)
{
  (void)unused;
  const int colour = comm_rank() % 2;
  MPI_Comm half = MPI_COMM_NULL;
  struct shared *s = NULL;
  MPI_Comm_split(comm_world(), colour, 0, &half);
  int *x = made(half, (colour + 1) * (int64_t)sizeof(int), &s);
  if (x && shared_leads(s)) *x = 40 + colour;
  shared_settle(s);
  if (x) assert_int_equal(*x, 40 + colour);
  shared_free(&s);
  MPI_Comm_free(&half);
}

static void ranks_that_want_different_sizes_are_refused(void **unused)
{
  (void)unused;
  struct shared *s = NULL;
  if (comm_size() == 1) return;
  const err e = shared_make(comm_world(), comm_rank() == 0 ? 1000 : 1001, &s);
  assert_int_equal(e, ERR_MISMATCH);
  assert_null(s);
  assert_non_null(strstr(err_message(), "1000 to 1001"));
}

static void more_than_the_node_has_is_left_alone(void **unused)
{
  (void)unused;
  struct shared *s = NULL;
  assert_null(made(comm_world(), INT64_C(1) << 60, &s));
  assert_int_equal(s != NULL, comm_size() > 1);
  assert_int_equal(shared_bytes(s), 0);
  shared_settle(s);
  shared_free(&s);
}

enum { CHANNELS = 7, SIDE = 5 };

/** x [1, 3, 5, 5] -> Conv [7, 3, 3, 3] -> GlobalAveragePool, the weights 0.5 + i. */
static struct graph *toy(real offset)
{
  struct graph_builder *b = NULL;
  struct graph *g = NULL;
  const struct shape image = {4, {1, 3, SIDE, SIDE}}, w = {4, {CHANNELS, 3, 3, 3}},
                     bias = {1, {CHANNELS}};
  const int64_t n = shape_count(&w);
  real *weights = malloc((size_t)n * sizeof *weights);
  real *biases = malloc(CHANNELS * sizeof *biases);
  int x = 0, y = 0, id[3];
  assert_true(weights && biases);
  for (int64_t i = 0; i < n; i++) weights[i] = offset + (real)i;
  for (int i = 0; i < CHANNELS; i++) biases[i] = offset - (real)i;
  assert_int_equal(graph_builder_make(13, &b), ERR_OK);
  assert_int_equal(graph_add_input(b, "x", &image, &x), ERR_OK);
  id[0] = x;
  assert_int_equal(graph_add_floats(b, "w", &w, weights, &id[1]), ERR_OK);
  assert_int_equal(graph_add_floats(b, "b", &bias, biases, &id[2]), ERR_OK);
  const struct graph_node_spec conv = {.op = op_find("Conv"), .n_in = 3, .in = id, .out_name = "y"};
  assert_int_equal(graph_add_node(b, &conv, &y), ERR_OK);
  const struct graph_node_spec pool = {
      .op = op_find("GlobalAveragePool"), .n_in = 1, .in = &y, .out_name = "logits"};
  assert_int_equal(graph_add_node(b, &pool, &y), ERR_OK);
  assert_int_equal(graph_finish(&b, y, &g), ERR_OK);
  return g;
}

/** Sanitizers find a double free or a leak of what was moved. */
static void weights_move_and_are_read_by_all(void **unused)
{
  (void)unused;
  struct graph *g = toy(comm_rank() == 0 ? REAL(0.5) : REAL(-100.0));
  struct shared *s = NULL;
  const int64_t room = graph_weight_room(g);
  assert_true(room >= g->weight_bytes && room < g->weight_bytes + INT64_C(128));
  unsigned char *memory = made(comm_world(), room, &s);
  unsigned char *own = memory ? NULL : aligned_alloc(64, (size_t)room);
  graph_move_weights(g, memory ? memory : own, shared_leads(s));
  shared_settle(s);
  const struct operand *w = &g->values[graph_find_value(g, "w")].is;
  const struct operand *b = &g->values[graph_find_value(g, "b")].is;
  assert_ptr_equal(w->data, memory ? memory : own);
  assert_int_equal((uintptr_t)b->data % 64, 0);
  for (int64_t i = 0; i < shape_count(&w->shape); i++)
    assert_true(w->data[i] == REAL(0.5) + (real)i);
  for (int i = 0; i < CHANNELS; i++) assert_true(b->data[i] == REAL(0.5) - (real)i);
  graph_free(&g);
  shared_free(&s);
  free(own);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_rank_reads_what_the_first_wrote),
      cmocka_unit_test(nothing_is_not_shared),
      cmocka_unit_test(groups_share_apart),
      cmocka_unit_test(ranks_that_want_different_sizes_are_refused),
      cmocka_unit_test(more_than_the_node_has_is_left_alone),
      cmocka_unit_test(weights_move_and_are_read_by_all),
  };
  if (comm_start(&argc, &argv)) return 1;
  return comm_finish(cmocka_run_group_tests(tests, NULL, NULL));
}
