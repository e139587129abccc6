/** @file
 *  Building graphs: what is refused and how, what is dropped, and that nothing is lost on the way. */
#include "alloc_watch.h"
#include "check.h"
#include "core/graph.h"

#include <stdlib.h>
#include <string.h>

static const struct shape image = {4, {1, 3, 8, 8}};

static int64_t live_before;

static int setup(void **unused)
{
  (void)unused;
  live_before = alloc_live();
  return 0;
}

/** Whatever a test built and released is gone. */
static int teardown(void **unused)
{
  (void)unused;
  return alloc_live() != live_before;
}

/** A builder with the input "image"; its value. */
static struct graph_builder *begin(int *x)
{
  struct graph_builder *b = NULL;
  assert_int_equal(graph_builder_make(13, &b), ERR_OK);
  assert_int_equal(graph_add_input(b, "image", &image, x), ERR_OK);
  return b;
}

static int floats(struct graph_builder *b, const char *name, struct shape shape)
{
  int id;
  real *data = calloc((size_t)shape_count(&shape), sizeof *data);
  assert_non_null(data);
  assert_int_equal(graph_add_floats(b, name, &shape, data, &id), ERR_OK);
  return id;
}

static err add(struct graph_builder *b, const char *op, const char *out, int n, const int *in,
               int *id)
{
  const struct graph_node_spec spec = {.op = op_find(op), .n_in = n, .in = in, .out_name = out};
  return graph_add_node(b, &spec, id);
}

static int add1(struct graph_builder *b, const char *op, const char *out, int x)
{
  int id;
  if (add(b, op, out, 1, &x, &id)) fail_msg("%s: %s", out, err_message());
  return id;
}

/** Reaches logits [1, 3]. */
static int head(struct graph_builder *b, int x)
{
  return add1(b, "Flatten", "logits", add1(b, "GlobalAveragePool", "pooled", x));
}

static void expect(err got, err code, const char *part)
{
  assert_int_equal(got, code);
  if (!strstr(err_message(), part)) fail_msg("'%s' is not in: %s", part, err_message());
}

static void a_small_graph_is_what_was_added(void **unused)
{
  (void)unused;
  int x, out;
  struct graph *g = NULL;
  struct graph_builder *b = begin(&x);
  const int w = floats(b, "w", (struct shape){4, {5, 3, 1, 1}}), in[] = {x, w, -1};
  const struct graph_node_spec spec = {
      .name = "first", .op = op_find("Conv"), .n_in = 3, .in = in, .out_name = "y"};
  assert_int_equal(graph_add_node(b, &spec, &out), ERR_OK);
  assert_true(shape_equal(graph_builder_shape(b, out), &(struct shape){4, {1, 5, 8, 8}}));
  const int logits = head(b, out);
  assert_int_equal(graph_finish(&b, logits, &g), ERR_OK);
  assert_null(b);
  assert_int_equal(g->n_nodes, 3);
  assert_int_equal(g->n_taps, 4);
  assert_int_equal(g->classes, 5);
  assert_int_equal(g->opset, 13);
  assert_int_equal(g->weight_bytes, 15 * sizeof(real));
  assert_string_equal(g->nodes[0].name, "first");
  assert_string_equal(g->nodes[1].name, "pooled");
  assert_int_equal(g->nodes[0].in[2], -1);
  assert_int_equal(graph_find_value(g, "w"), w);
  assert_int_equal(graph_find_value(g, "nothing"), -1);
  assert_string_equal(graph_value_op(g, w), "Constant");
  assert_string_equal(graph_value_op(g, g->input), "Input");
  assert_string_equal(graph_value_op(g, out), "Conv");
  for (int i = 0; i < g->n_taps; i++) assert_int_equal(g->values[g->taps[i]].tap, i);
  assert_int_equal(g->values[w].tap, -1);
  graph_free(&g);
  assert_null(g);
  graph_free(&g);
}

static void a_second_input_is_refused(void **unused)
{
  (void)unused;
  int x, y;
  struct graph_builder *b = begin(&x);
  expect(graph_add_input(b, "mask", &image, &y), ERR_UNSUPPORTED, "'image' and 'mask'");
  graph_builder_free(&b);
  assert_null(b);
  graph_builder_free(&b);
}

static void an_output_without_the_input_is_refused(void **unused)
{
  (void)unused;
  int x;
  struct graph *g = NULL;
  struct graph_builder *b = begin(&x);
  const int w = floats(b, "w", (struct shape){2, {1, 3}});
  (void)head(b, x);
  expect(graph_finish(&b, w, &g), ERR_UNSUPPORTED, "does not depend on its input");
  assert_null(g);
  graph_builder_free(&b);
  assert_int_equal(graph_builder_make(13, &b), ERR_OK); /* no input at all */
  const int v = floats(b, "v", (struct shape){2, {1, 3}});
  expect(graph_finish(&b, v, &g), ERR_UNSUPPORTED, "does not depend on its input");
  graph_builder_free(&b);
}

static void a_node_of_constants_is_refused(void **unused)
{
  (void)unused;
  int x, y;
  struct graph_builder *b = begin(&x);
  const int w = floats(b, "w", (struct shape){2, {1, 3}});
  expect(add(b, "Relu", "folded", 1, &w, &y), ERR_UNSUPPORTED, "'folded' (Relu");
  graph_builder_free(&b);
}

static void an_output_that_is_no_vector_is_refused(void **unused)
{
  (void)unused;
  int x;
  struct graph *g = NULL;
  struct graph_builder *b = begin(&x);
  const int y = add1(b, "Relu", "y", x);
  expect(graph_finish(&b, y, &g), ERR_UNSUPPORTED, "output 'y' has shape [N, 3, 8, 8]");
  assert_non_null(b); /* it is not consumed, and goes on */
  const int logits = head(b, y);
  assert_int_equal(graph_finish(&b, logits, &g), ERR_OK);
  graph_free(&g);
}

static void shapes_out_of_range_are_refused(void **unused)
{
  (void)unused;
  int x, id;
  struct graph_builder *b = begin(&x);
  real *data = malloc(sizeof *data);
  const int64_t number = 1;
  const struct shape zero = {2, {1, 0}}, negative = {3, {1, -4, -4}};
  const struct shape huge = {4, {1, 65536, 65536, 65536}}, deep = {7, {1, 1, 1, 1, 1, 1}};
  expect(graph_add_ints(b, "zero", &zero, &number, &id), ERR_SHAPE, "'zero'");
  expect(graph_add_ints(b, "minus", &negative, &number, &id), ERR_SHAPE, "extent -4");
  expect(graph_add_ints(b, "deep", &deep, &number, &id), ERR_UNSUPPORTED, "7 dimensions");
  expect(graph_add_floats(b, "huge", &huge, data, &id), ERR_SHAPE, "'huge' has more than");
  graph_builder_free(&b);
  assert_int_equal(graph_builder_make(13, &b), ERR_OK);
  expect(graph_add_input(b, "picture", &huge, &id), ERR_SHAPE, "'picture'");
  assert_int_equal(graph_add_input(b, "image", &image, &id), ERR_OK); /* none was added before */
  graph_builder_free(&b);
}

/** A result beyond 2^31 elements, by padding: named with its node. */
static void results_too_large_are_refused(void **unused)
{
  (void)unused;
  static const int64_t pads[] = {30000, 30000, 30000, 30000};
  const struct attr attr = {.name = "pads", .kind = ATTR_INTS, .n = 4, .ints = pads};
  int x, y;
  struct graph_builder *b = begin(&x);
  const int in[] = {x, floats(b, "w", (struct shape){4, {1, 3, 1, 1}})};
  const struct graph_node_spec spec = {.name = "vast",
                                       .op = op_find("Conv"),
                                       .attrs = {1, &attr},
                                       .n_in = 2,
                                       .in = in,
                                       .out_name = "y"};
  expect(graph_add_node(b, &spec, &y), ERR_SHAPE, "node 'vast' (Conv, opset 13)");
  graph_builder_free(&b);
}

static void wrong_operand_counts_are_refused(void **unused)
{
  (void)unused;
  int x, y;
  struct graph_builder *b = begin(&x);
  const int three[] = {x, x, x}, absent[] = {-1, x};
  expect(add(b, "Add", "one", 1, three, &y), ERR_FORMAT, "'one' (Add, opset 13): 1 inputs");
  expect(add(b, "Add", "many", 3, three, &y), ERR_FORMAT, "at most 2");
  expect(add(b, "Relu", "none", 0, NULL, &y), ERR_FORMAT, "0 inputs");
  expect(add(b, "Concat", "empty", 0, NULL, &y), ERR_FORMAT, "at least 1");
  expect(add(b, "Add", "hole", 2, absent, &y), ERR_FORMAT, "input 0 is missing");
  expect(add(b, "Concat", "flood", 5000, three, &y), ERR_FORMAT, "'flood' has 5000 inputs");
  graph_builder_free(&b);
}

/** What an operator says comes with the node's name, its operator and the opset. */
static void operators_complaints_name_the_node(void **unused)
{
  (void)unused;
  int x, y;
  struct graph_builder *b = begin(&x);
  const int in[] = {x, floats(b, "w", (struct shape){4, {5, 4, 1, 1}})};
  const struct graph_node_spec named = {
      .name = "block/conv", .op = op_find("Conv"), .n_in = 2, .in = in, .out_name = "y"};
  expect(graph_add_node(b, &named, &y), ERR_SHAPE, "node 'block/conv' (Conv, opset 13): ");
  expect(add(b, "Conv", "y", 2, in, &y), ERR_SHAPE, "node 'y' (Conv");
  const struct attr wrong = {.name = "axis", .kind = ATTR_FLOAT, .f = 1.0F};
  const struct graph_node_spec typed = {
      .op = op_find("Concat"), .attrs = {1, &wrong}, .n_in = 1, .in = in, .out_name = "joined"};
  expect(graph_add_node(b, &typed, &y), ERR_FORMAT, "node 'joined' (Concat");
  graph_builder_free(&b);
}

/** Names too long for the message are cut there, not in the graph. */
static void long_names_are_kept(void **unused)
{
  (void)unused;
  char name[3000];
  int x, y;
  struct graph *g = NULL;
  struct graph_builder *b = begin(&x);
  memset(name, 'n', sizeof name);
  name[sizeof name - 1] = 0;
  const int in[] = {x, floats(b, "w", (struct shape){4, {5, 4, 1, 1}})};
  expect(add(b, "Conv", name, 2, in, &y), ERR_SHAPE, "(Conv, opset 13): ");
  const int logits = head(b, add1(b, "Relu", name, x));
  assert_int_equal(graph_finish(&b, logits, &g), ERR_OK);
  assert_string_equal(g->nodes[0].name, name);
  graph_free(&g);
}

/** Nodes that do not lead to the output go; the others keep their order, and the taps are renumbered. */
static void dead_nodes_are_dropped(void **unused)
{
  (void)unused;
  static const char *const expected[] = {"image", "a", "b", "pooled", "logits"};
  int x;
  struct graph *g = NULL;
  struct graph_builder *b = begin(&x);
  const int dead1 = add1(b, "Relu", "dead1", x), a = add1(b, "Relu", "a", x);
  (void)add1(b, "Relu", "dead2", dead1);
  const int live = add1(b, "Identity", "b", a);
  (void)add1(b, "Identity", "dead3", live);
  const int logits = head(b, live);
  (void)add1(b, "Softmax", "after", logits);
  assert_int_equal(graph_finish(&b, logits, &g), ERR_OK);
  assert_int_equal(g->n_taps, 5);
  for (int i = 0; i < g->n_taps; i++) assert_string_equal(g->values[g->taps[i]].name, expected[i]);
  for (int i = 0; i < g->n_nodes; i++) assert_int_equal(g->values[g->nodes[i].out].producer, i);
  assert_int_equal(g->values[dead1].tap, -1);
  graph_free(&g);
}

/** More values than the first allocations hold. */
static void long_graphs_grow(void **unused)
{
  (void)unused;
  enum { LENGTH = 1000 };
  int x;
  struct graph *g = NULL;
  struct graph_builder *b = begin(&x);
  int y = x;
  for (int i = 0; i < LENGTH; i++) y = add1(b, "Identity", "y", y);
  const int logits = head(b, y);
  assert_int_equal(graph_finish(&b, logits, &g), ERR_OK);
  assert_int_equal(g->n_nodes, LENGTH + 2);
  for (int i = 1; i < LENGTH; i++) assert_int_equal(g->nodes[i].in[0], g->nodes[i - 1].out);
  graph_free(&g);
}

/** Build a graph as far as memory goes. */
static err build(struct graph_builder **b, struct graph **g)
{
  static const struct shape w_shape = {4, {5, 3, 1, 1}}, list = {1, {2}};
  static const int64_t flat[] = {0, -1};
  int x, w, shape, y;
  TRY(graph_builder_make(13, b));
  TRY(graph_add_input(*b, "image", &image, &x));
  real *data = calloc((size_t)shape_count(&w_shape), sizeof *data);
  CHECK(data, ERR_MEMORY, "no memory for the test");
  TRY(graph_add_floats(*b, "w", &w_shape, data, &w));
  TRY(graph_add_ints(*b, "shape", &list, flat, &shape));
  const int in[] = {x, w};
  TRY(add(*b, "Conv", "y", 2, in, &y));
  TRY(add(*b, "GlobalAveragePool", "pooled", 1, &y, &y));
  const int re[] = {y, shape};
  TRY(add(*b, "Reshape", "logits", 2, re, &y));
  return graph_finish(b, y, g);
}

/** Allocation number n fails: an error, and whatever was built can be released. */
static void every_failed_allocation_is_reported(void **unused)
{
  (void)unused;
  int failures = 0;
  for (int failed = 1; failed; failures += failed) {
    struct graph_builder *b = NULL;
    struct graph *g = NULL;
    alloc_fail_after(failures);
    const err e = build(&b, &g);
    failed = alloc_failed();
    assert_int_equal(e, failed ? ERR_MEMORY : ERR_OK);
    graph_builder_free(&b);
    graph_free(&g);
    assert_int_equal(alloc_live(), live_before);
  }
  assert_true(failures > 20);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      CLAIM(a_small_graph_is_what_was_added),
      CLAIM(a_second_input_is_refused),
      CLAIM(an_output_without_the_input_is_refused),
      CLAIM(a_node_of_constants_is_refused),
      CLAIM(an_output_that_is_no_vector_is_refused),
      CLAIM(shapes_out_of_range_are_refused),
      CLAIM(results_too_large_are_refused),
      CLAIM(wrong_operand_counts_are_refused),
      CLAIM(operators_complaints_name_the_node),
      CLAIM(long_names_are_kept),
      CLAIM(dead_nodes_are_dropped),
      CLAIM(long_graphs_grow),
      CLAIM(every_failed_allocation_is_reported),
  };
#undef CLAIM
  return cmocka_run_group_tests(tests, NULL, NULL);
}
