/** @file
 *  Constants and chains of shapes that the ONNX reader folds away. */
#include "tests/check.h"
#include "tests/onnx_toy.h"

static Onnx__AttributeProto *constant(struct onnx_toy *t, const char *out, const char *attr,
                                      int type)
{
  return onnx_toy_attr(t, onnx_toy_node(t, "Constant", out, "", out), attr, type);
}

static void constants_of_every_form_are_read(void **state)
{
  static float list[] = {0.5F, 1.5F, 2.5F, 3.5F, 4.5F};
  static int64_t shape[] = {1, -1};
  (void)state;
  struct onnx_toy *t = onnx_toy_make_reshape();
  t->opset.version = 13;
  t->graph.n_initializer = 2; /* b2 becomes a node */
  Onnx__AttributeProto *a =
      constant(t, "b2", "value_floats", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS);
  a->n_floats = 5;
  a->floats = list;
  a = constant(t, "s", "value_ints", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
  a->n_ints = 2;
  a->ints = shape;
  a = constant(t, "low", "value_float", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
  a->has_f = 1;
  a->f = -2.0F;
  a = constant(t, "high", "value", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR);
  static const float six = 6.0F;
  a->t = onnx_toy_raw(t, onnx_toy_tensor(t, "", TOY_TYPE(FLOAT), 0, NULL), &six, sizeof six);
  Onnx__NodeProto *clip = onnx_toy_find_node(t, "relu");
  clip->op_type = onnx_toy_text(t, "Clip");
  clip->n_input = 3;
  clip->input[1] = onnx_toy_text(t, "low");
  clip->input[2] = onnx_toy_text(t, "high");
  struct graph *g = onnx_toy_accepted(t, NULL);
  onnx_toy_assert_floats(g, "b2", 5, list);
  onnx_toy_assert_floats(g, "high", 1, &six);
  assert_int_equal(onnx_toy_value(g, "low")->is.shape.rank, 0);
  graph_free(&g);
}

/** Shape -> Gather -> Unsqueeze -> Concat -> Reshape, as x.view(x.size(0), -1) is exported. */
static void a_dynamic_batch_reaches_reshape(void **state)
{
  static const int64_t zero[] = {0}, minus[] = {-1};
  (void)state;
  for (int opset = 9; opset <= 13; opset += 4) {
    struct onnx_toy *t = onnx_toy_make_reshape();
    t->opset.version = opset;
    Onnx__TensorProto *first = onnx_toy_ints(t, "first", 1, zero);
    first->n_dims = 0;
    (void)onnx_toy_ints(t, "axes", 1, zero);
    (void)onnx_toy_ints(t, "rest", 1, minus);
    (void)onnx_toy_node(t, "Shape", "shape", "g", "gs");
    onnx_toy_attr_int(t, onnx_toy_node(t, "Gather", "gather", "gs first", "n"), "axis", 0);
    if (opset < 13) {
      onnx_toy_attr_ints(t, onnx_toy_node(t, "Unsqueeze", "unsq", "n", "nl"), "axes", 1, zero);
    } else {
      (void)onnx_toy_node(t, "Unsqueeze", "unsq", "n axes", "nl");
    }
    onnx_toy_attr_int(t, onnx_toy_node(t, "Concat", "concat", "nl rest", "s"), "axis", 0);
    struct graph *g = onnx_toy_accepted(t, NULL);
    assert_int_equal(g->n_nodes, 5);
    assert_int_equal(onnx_toy_value(g, "s")->is.ints[0], 1);
    assert_int_equal(onnx_toy_value(g, "s")->is.ints[1], -1);
    graph_free(&g);
  }
}

static void sliced_shapes_fold_at_both_opsets(void **state)
{
  static const int64_t zero[] = {0}, one[] = {1}, minus[] = {-1};
  (void)state;
  for (int opset = 9; opset <= 11; opset += 2) {
    struct onnx_toy *t = onnx_toy_make_reshape();
    t->opset.version = opset;
    (void)onnx_toy_ints(t, "zero", 1, zero);
    (void)onnx_toy_ints(t, "one", 1, one);
    (void)onnx_toy_ints(t, "rest", 1, minus);
    (void)onnx_toy_node(t, "Shape", "shape", "g", "gs");
    Onnx__NodeProto *n = onnx_toy_node(t, "Slice", "slice", opset < 10 ? "gs" : "gs zero one", "n");
    if (opset < 10) {
      onnx_toy_attr_ints(t, n, "starts", 1, zero);
      onnx_toy_attr_ints(t, n, "ends", 1, one);
    }
    onnx_toy_attr_int(t, onnx_toy_node(t, "Cast", "cast", "n", "m"), "to", TOY_TYPE(INT64));
    onnx_toy_attr_int(t, onnx_toy_node(t, "Concat", "concat", "m rest", "s"), "axis", 0);
    struct graph *g = onnx_toy_accepted(t, NULL);
    assert_int_equal(onnx_toy_value(g, "s")->is.ints[0], 1);
    graph_free(&g);
  }
}

/** b2 = what some nodes make of constants; its values are worked out by hand. */
static void moving_nodes_move_the_right_elements(void **state)
{
  static const int64_t m[] = {2, 3}, three[] = {3}, order[] = {4, 3, -4, 1, 0}, flat[] = {-1},
                       zero[] = {0};
  static const float want[] = {2, 4, 5, 3, 0};
  (void)state;
  struct onnx_toy *t = onnx_toy_make();
  t->graph.n_initializer = 2;
  (void)onnx_toy_count(t, "m", 2, m);     /* 0 1 2 / 3 4 5 */
  (void)onnx_toy_count(t, "v", 1, three); /* 0 1 2 */
  (void)onnx_toy_ints(t, "order", 5, order);
  (void)onnx_toy_ints(t, "flat", 1, flat);
  (void)onnx_toy_node(t, "Transpose", "transpose", "m", "mt");   /* 0 3 / 1 4 / 2 5 */
  (void)onnx_toy_node(t, "Reshape", "reshape", "mt flat", "mf"); /* 0 3 1 4 2 5 */
  onnx_toy_attr_ints(t, onnx_toy_node(t, "Unsqueeze", "u", "v", "vu"), "axes", 1, zero);
  onnx_toy_attr_ints(t, onnx_toy_node(t, "Squeeze", "s", "vu", "vs"), "axes", 1, zero);
  onnx_toy_attr_int(t, onnx_toy_node(t, "Concat", "cat", "mf vs", "all"), "axis", 0);
  (void)onnx_toy_node(t, "Gather", "gather", "all order", "picked"); /* all[4, 3, -4, 1, 0] */
  (void)onnx_toy_node(t, "Dropout", "drop", "picked", "dropped");
  (void)onnx_toy_node(t, "Identity", "same", "dropped", "b2");
  struct graph *g = onnx_toy_accepted(t, NULL);
  onnx_toy_assert_floats(g, g->values[g->nodes[g->n_nodes - 1].in[2]].name, 5, want);
  graph_free(&g);
}

static void nodes_that_do_nothing_are_left_out(void **state)
{
  static const int64_t pads[] = {0, 0, 0, 0, 0, 0, 0, 0};
  (void)state;
  struct onnx_toy *t = onnx_toy_make();
  (void)onnx_toy_ints(t, "pads", 8, pads);
  (void)onnx_toy_node(t, "Pad", "pad", "input pads", "p");
  onnx_toy_attr_int(t, onnx_toy_node(t, "Cast", "cast", "p", "q"), "to", TOY_TYPE(FLOAT));
  onnx_toy_find_node(t, "conv")->input[0] = onnx_toy_text(t, "q");
  struct graph *g = onnx_toy_accepted(t, NULL);
  assert_int_equal(g->n_nodes, 5);
  assert_int_equal(g->nodes[0].in[0], g->input);
  graph_free(&g);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(constants_of_every_form_are_read),
      cmocka_unit_test(a_dynamic_batch_reaches_reshape),
      cmocka_unit_test(sliced_shapes_fold_at_both_opsets),
      cmocka_unit_test(moving_nodes_move_the_right_elements),
      cmocka_unit_test(nodes_that_do_nothing_are_left_out),
  };
  return cmocka_run_group_tests(tests, NULL, onnx_toy_cleanup);
}
