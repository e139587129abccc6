/** @file
 *  What the ONNX reader makes of a model: inputs, outputs, order, operators. */
#include "tests/check.h"
#include "tests/onnx_toy.h"

#include <string.h>

static void a_small_model_becomes_a_graph(void **state)
{
  (void)state;
  struct graph *g = onnx_toy_accepted(onnx_toy_make(), NULL);
  const float b2[] = {0, 1, 2, 3, 4};
  assert_int_equal(g->n_nodes, 5);
  assert_int_equal(g->n_taps, 6);
  assert_int_equal(g->classes, 5);
  assert_int_equal(g->opset, 12);
  assert_int_equal(g->weight_bytes, 4 * (4 * 27 + 20 + 5));
  assert_string_equal(g->values[g->input].name, "input");
  assert_string_equal(g->nodes[0].name, "conv");
  assert_string_equal(g->nodes[2].name, "g"); /* it has no name: its output's */
  assert_int_equal(onnx_toy_value(g, "c")->is.shape.dim[2], 8);
  onnx_toy_assert_floats(g, "b2", 5, b2);
  assert_true(onnx_toy_value(g, "w")->is.data[107] == 107.0F);
  graph_free(&g);
}

static void initialisers_listed_as_inputs_are_not_inputs(void **state)
{
  static const int64_t w[] = {4, 3, 3, 3};
  (void)state;
  struct onnx_toy *t = onnx_toy_make();
  (void)onnx_toy_input(t, "w", 4, w);
  t->proto.ir_version = 3;
  struct graph *g = onnx_toy_accepted(t, NULL);
  assert_string_equal(g->values[g->input].name, "input");
  graph_free(&g);
}

static struct onnx_toy *with_image(int64_t n, int64_t c, int64_t h, int64_t w)
{
  const int64_t dims[] = {n, c, h, w};
  struct onnx_toy *t = onnx_toy_make();
  t->graph.n_input = 0;
  (void)onnx_toy_input(t, "input", 4, dims);
  return t;
}

static void an_open_size_is_taken_from_the_options(void **state)
{
  const struct onnx_options half = {.height = 6}, whole = {.height = 6, .width = 9};
  (void)state;
  onnx_toy_refused(with_image(-1, 3, -1, -1), NULL, ERR_USAGE, "--size HxW");
  onnx_toy_refused(with_image(-1, 3, -1, -1), &half, ERR_USAGE, "width of its input open");
  for (int open = 0; open < 2; open++) {
    struct graph *g = onnx_toy_accepted(with_image(1, 3, open ? -1 : 8, open ? -1 : 8), &whole);
    assert_int_equal(g->values[g->input].is.shape.dim[2], 6);
    assert_int_equal(g->values[g->input].is.shape.dim[3], 9);
    graph_free(&g);
  }
}

/** A Reshape that was written for 8 x 8 pixels does not take 6 x 9. */
static void another_size_is_refused_where_the_graph_has_its_own(void **state)
{
  static const int64_t shape[] = {1, 256};
  const struct onnx_options o = {.height = 6, .width = 9};
  (void)state;
  struct onnx_toy *t = onnx_toy_make_reshape();
  (void)onnx_toy_ints(t, "s", 2, shape);
  onnx_toy_rewire(t, "flatten", 0, "r");
  onnx_toy_find_tensor(t, "w2")->dims[1] = 256;
  (void)onnx_toy_raw(t, onnx_toy_find_tensor(t, "w2"), onnx_toy_keep(t, 5120), 5120);
  onnx_toy_refused(t, &o, ERR_SHAPE, "by --size, the model was made for 8x8)");
}

/** What goes into a final softmax are the logits, unless its output is asked for by name. */
static void a_final_softmax_is_taken_off_and_noted(void **state)
{
  static const char *const ops[] = {"Softmax", "LogSoftmax"};
  (void)state;
  for (int k = 0; k < 2; k++) {
    if (!op_find(ops[k])) continue;
    struct onnx_notes notes = {.taken_off = "?"};
    const struct onnx_options plain = {.notes = &notes}, named = {.notes = &notes, .output = "p"};
    for (int ask = 0; ask < 2; ask++) {
      struct onnx_toy *t = onnx_toy_make();
      (void)onnx_toy_node(t, ops[k], "prob", "logits", "q");
      (void)onnx_toy_node(t, "Identity", "same", "q", "p");
      t->graph.n_output = 0;
      onnx_toy_output(t, "p");
      struct graph *g = onnx_toy_accepted(t, ask ? &named : &plain);
      assert_string_equal(g->values[g->output].name, ask ? "p" : "logits");
      assert_int_equal(g->n_nodes, ask ? 7 : 5);
      assert_int_equal(strncmp(notes.taken_off, ask ? "" : ops[k], ask ? 1 : strlen(ops[k])), 0);
      graph_free(&g);
    }
  }
}

static void a_softmax_over_other_axes_stays(void **state)
{
  (void)state;
  struct onnx_notes notes;
  struct onnx_toy *t = onnx_toy_make();
  onnx_toy_attr_int(t, onnx_toy_node(t, "Softmax", "prob", "g", "p"), "axis", 2);
  onnx_toy_rewire(t, "flatten", 0, "p");
  t->graph.n_output = 0;
  onnx_toy_output(t, "p");
  struct graph *g = NULL;
  const struct onnx_options o = {.notes = &notes};
  t->opset.version = 13;
  g = onnx_toy_accepted(t, &o);
  assert_string_equal(notes.taken_off, "");
  assert_string_equal(g->values[g->output].name, "p");
  graph_free(&g);
}

static void inputs_that_are_no_image_are_refused_by_shape(void **state)
{
  static const int64_t row[] = {-1, 128};
  (void)state;
  struct onnx_toy *t = onnx_toy_make();
  t->graph.n_input = 0;
  (void)onnx_toy_input(t, "tokens", 2, row);
  onnx_toy_find_node(t, "conv")->input[0] = onnx_toy_text(t, "tokens");
  onnx_toy_refused(t, NULL, ERR_UNSUPPORTED, "input 'tokens' [N, 128] is not an image");
  onnx_toy_refused(with_image(-1, 64, 8, 8), NULL, ERR_UNSUPPORTED,
                   "[N, 64, 8, 8] is not an image");
  onnx_toy_refused(with_image(16, 3, 8, 8), NULL, ERR_UNSUPPORTED, "batch of 16");
  onnx_toy_refused(with_image(-1, 3, 8, INT64_MAX), NULL, ERR_SHAPE, "width of 922337");
  t = onnx_toy_make();
  (void)onnx_toy_input(t, "mask", 2, row);
  onnx_toy_refused(t, NULL, ERR_UNSUPPORTED, "2 inputs ('input', 'mask')");
  t = onnx_toy_make();
  t->input[0]->type->tensor_type->elem_type = TOY_TYPE(UINT8);
  onnx_toy_refused(t, NULL, ERR_UNSUPPORTED, "floating-point pixels");
  t = onnx_toy_make();
  t->input[0]->type = NULL;
  onnx_toy_refused(t, NULL, ERR_UNSUPPORTED, "input 'input' is not an image");
}

static void the_output_can_be_chosen(void **state)
{
  const struct onnx_options inner = {.output = "f"}, none = {.output = "nope"};
  (void)state;
  struct onnx_toy *t = onnx_toy_make();
  onnx_toy_output(t, "f");
  onnx_toy_refused(t, NULL, ERR_UNSUPPORTED,
                   "2 outputs; say which one holds the logits: 'logits', 'f'");
  onnx_toy_refused(onnx_toy_make(), &none, ERR_USAGE,
                   "output 'nope'; the model's outputs are 'logits'");
  struct graph *g = onnx_toy_accepted(onnx_toy_make(), &inner);
  assert_int_equal(g->classes, 4);
  assert_int_equal(g->n_nodes, 4);
  graph_free(&g);
  t = onnx_toy_make();
  t->output[0]->name = onnx_toy_text(t, "r");
  onnx_toy_refused(t, NULL, ERR_UNSUPPORTED, "logits [N, classes] are expected");
}

static void unsorted_nodes_are_sorted(void **state)
{
  (void)state;
  struct onnx_toy *t = onnx_toy_make();
  Onnx__NodeProto *first = t->node[0];
  t->node[0] = t->node[4];
  t->node[4] = first;
  struct graph *g = onnx_toy_accepted(t, NULL);
  assert_string_equal(g->nodes[0].name, "conv");
  assert_string_equal(g->nodes[4].name, "gemm");
  graph_free(&g);
}

static void dead_branches_need_no_support(void **state)
{
  (void)state;
  struct onnx_toy *t = onnx_toy_make();
  (void)onnx_toy_node(t, "NonMaxSuppression", "dead", "r", "boxes");
  struct graph *g = onnx_toy_accepted(t, NULL);
  assert_int_equal(g->n_nodes, 5);
  graph_free(&g);
}

static void an_unused_second_output_is_fine(void **state)
{
  (void)state;
  struct onnx_toy *t = onnx_toy_make();
  (void)onnx_toy_node(t, "Dropout", "drop", "f", "d mask");
  onnx_toy_find_node(t, "gemm")->input[0] = onnx_toy_text(t, "d");
  struct graph *g = onnx_toy_accepted(t, NULL);
  assert_int_equal(g->n_nodes, 6);
  graph_free(&g);
  t = onnx_toy_make();
  (void)onnx_toy_node(t, "Dropout", "drop", "f", "d mask");
  onnx_toy_find_node(t, "gemm")->input[0] = onnx_toy_text(t, "mask");
  onnx_toy_refused(t, NULL, ERR_UNSUPPORTED,
                   "node 'drop' (Dropout, opset 12): its output 2, 'mask'");
}

static void unsupported_operators_are_all_named(void **state)
{
  (void)state;
  struct onnx_toy *t = onnx_toy_make();
  onnx_toy_find_node(t, "conv")->op_type = onnx_toy_text(t, "RoiAlign");
  onnx_toy_find_node(t, "relu")->op_type = onnx_toy_text(t, "Loop");
  Onnx__NodeProto *n = onnx_toy_find_node(t, "flatten");
  n->domain = onnx_toy_text(t, "com.example");
  struct graph *g = NULL;
  assert_int_equal(onnx_toy_read(t, NULL, &g), ERR_UNSUPPORTED);
  const char *message = err_message();
  assert_non_null(strstr(message, "node 'conv': operator RoiAlign (opset 12) is not supported"));
  assert_non_null(strstr(message, "2 more operator types are not supported either: Loop, "
                                  "com.example.Flatten"));
  for (const struct op *const *op = op_all; *op; op++)
    assert_non_null(strstr(message, (*op)->name));
  t = onnx_toy_make();
  n = onnx_toy_find_node(t, "relu");
  n->op_type = onnx_toy_text(t, "If");
  Onnx__GraphProto body;
  onnx__graph_proto__init(&body);
  onnx_toy_attr(t, n, "then_branch", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH)->g = &body;
  onnx_toy_refused(t, NULL, ERR_UNSUPPORTED,
                   "operator If (opset 12) is not supported, as nothing with a sub-graph");
  t = onnx_toy_make();
  onnx_toy_find_node(t, "relu")->op_type = onnx_toy_text(t, "Not");
  onnx_toy_refused(t, NULL, ERR_UNSUPPORTED, "supported on constants and shapes only");
}

static void only_the_default_domain_decides_the_opset(void **state)
{
  Onnx__OperatorSetIdProto other;
  (void)state;
  onnx__operator_set_id_proto__init(&other);
  struct onnx_toy *t = onnx_toy_make();
  other.domain = onnx_toy_text(t, "com.example");
  other.has_version = 1;
  other.version = 99;
  t->proto.opset_import[t->proto.n_opset_import++] = &other;
  t->opset.domain = onnx_toy_text(t, "ai.onnx");
  struct graph *g = onnx_toy_accepted(t, NULL);
  assert_int_equal(g->opset, 12);
  graph_free(&g);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_small_model_becomes_a_graph),
      cmocka_unit_test(initialisers_listed_as_inputs_are_not_inputs),
      cmocka_unit_test(an_open_size_is_taken_from_the_options),
      cmocka_unit_test(another_size_is_refused_where_the_graph_has_its_own),
      cmocka_unit_test(a_final_softmax_is_taken_off_and_noted),
      cmocka_unit_test(a_softmax_over_other_axes_stays),
      cmocka_unit_test(inputs_that_are_no_image_are_refused_by_shape),
      cmocka_unit_test(the_output_can_be_chosen),
      cmocka_unit_test(unsorted_nodes_are_sorted),
      cmocka_unit_test(dead_branches_need_no_support),
      cmocka_unit_test(an_unused_second_output_is_fine),
      cmocka_unit_test(unsupported_operators_are_all_named),
      cmocka_unit_test(only_the_default_domain_decides_the_opset),
  };
  return cmocka_run_group_tests(tests, NULL, onnx_toy_cleanup);
}
