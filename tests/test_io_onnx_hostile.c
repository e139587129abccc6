/** @file
 *  Models that are well formed and wrong: versions, names, graphs, attributes.  With the sanitizers
 *  these tests also prove that no refusal leaks or strays. */
#include "tests/check.h"
#include "tests/onnx_toy.h"

#include <stdio.h>
#include <string.h>

static void no_graph(struct onnx_toy *t)
{
  t->proto.graph = NULL;
}
static void no_opset(struct onnx_toy *t)
{
  t->proto.n_opset_import = 0;
}
static void opset_6(struct onnx_toy *t)
{
  t->opset.version = 6;
}
static void opset_21(struct onnx_toy *t)
{
  t->opset.version = 21;
}
static void opset_negative(struct onnx_toy *t)
{
  t->opset.version = INT64_MIN;
}
static void opset_foreign(struct onnx_toy *t)
{
  t->opset.domain = onnx_toy_text(t, "ai.onnx.ml");
}
static void no_ir(struct onnx_toy *t)
{
  t->proto.has_ir_version = 0;
}
static void ir_huge(struct onnx_toy *t)
{
  t->proto.ir_version = INT64_MAX;
}
static void two_opsets(struct onnx_toy *t)
{
  Onnx__OperatorSetIdProto *second = onnx_toy_keep(t, sizeof *second);
  onnx__operator_set_id_proto__init(second);
  second->has_version = 1;
  second->version = 13;
  t->proto.opset_import[t->proto.n_opset_import++] = second;
}

static void versions_out_of_range_are_refused(void **state)
{
  static const struct onnx_toy_spoil list[] = {
      {no_graph, ERR_FORMAT, "holds no graph"},
      {no_opset, ERR_FORMAT, "does not say which ONNX operator set"},
      {opset_6, ERR_UNSUPPORTED, "opset is 6; 7 to 20 are supported"},
      {opset_21, ERR_UNSUPPORTED, "opset is 21; 7 to 20 are supported"},
      {opset_negative, ERR_UNSUPPORTED, "opset is 0; 7 to 20"},
      {opset_foreign, ERR_FORMAT, "does not say which ONNX operator set"},
      {two_opsets, ERR_FORMAT, "two operator sets, 12 and 13"},
      {no_ir, ERR_UNSUPPORTED, "IR version is 0"},
      {ir_huge, ERR_UNSUPPORTED, "IR version is 9223372036854775807"},
  };
  (void)state;
  onnx_toy_refused_all(list, TOY_LENGTH(list));
}

static void rename_b2(struct onnx_toy *t, const char *name)
{
  onnx_toy_find_tensor(t, "b2")->name = onnx_toy_text(t, name);
}

static void nameless(struct onnx_toy *t)
{
  onnx_toy_find_tensor(t, "b2")->name = NULL;
}
static void empty_name(struct onnx_toy *t)
{
  rename_b2(t, "");
}
static void newline(struct onnx_toy *t)
{
  rename_b2(t, "a\nb");
}
static void escape(struct onnx_toy *t)
{
  onnx_toy_find_node(t, "relu")->name = onnx_toy_text(t, "\x1b[31mred");
}
static void delete (struct onnx_toy *t)
{
  onnx_toy_find_node(t, "relu")->name = onnx_toy_text(t, "a\x7f");
}
static void control_c1(struct onnx_toy *t)
{
  rename_b2(t, "a\xC2\x9B");
}
static void lone_byte(struct onnx_toy *t)
{
  rename_b2(t, "a\xFF");
}
static void overlong(struct onnx_toy *t)
{
  rename_b2(t, "\xC0\xAF");
}
static void surrogate(struct onnx_toy *t)
{
  rename_b2(t, "\xED\xA0\x80");
}
static void cut_short(struct onnx_toy *t)
{
  rename_b2(t, "\xE2\x82");
}
static void beyond(struct onnx_toy *t)
{
  rename_b2(t, "\xF4\x90\x80\x80");
}
static void bad_operator(struct onnx_toy *t)
{
  onnx_toy_find_node(t, "relu")->op_type = onnx_toy_text(t, "Re\tlu");
}
static void no_operator(struct onnx_toy *t)
{
  onnx_toy_find_node(t, "relu")->op_type = NULL;
}
static void bad_domain(struct onnx_toy *t)
{
  onnx_toy_find_node(t, "relu")->domain = onnx_toy_text(t, "\x80");
}
static void bad_input(struct onnx_toy *t)
{
  onnx_toy_find_node(t, "relu")->input[0] = onnx_toy_text(t, "\x01");
}
static void bad_output(struct onnx_toy *t)
{
  t->output[0]->name = onnx_toy_text(t, "\xFEo");
}
static void long_name(struct onnx_toy *t)
{
  char *name = onnx_toy_keep(t, 100001);
  memset(name, 'x', 100000);
  onnx_toy_find_node(t, "relu")->name = name;
}

static void names_that_cannot_be_printed_are_refused(void **state)
{
  static const struct onnx_toy_spoil list[] = {
      {nameless, ERR_FORMAT, "initialiser 2 has no name"},
      {empty_name, ERR_FORMAT, "initialiser 2 has no name"},
      {newline, ERR_FORMAT, "initialiser 'a?b' holds a control character"},
      {escape, ERR_FORMAT, "node name '?[31mred' holds a control character"},
      {delete, ERR_FORMAT, "node name 'a?' holds"},
      {control_c1, ERR_FORMAT, "'a?\?' holds"},
      {lone_byte, ERR_FORMAT, "'a?' holds"},
      {overlong, ERR_FORMAT, "is not UTF-8"},
      {surrogate, ERR_FORMAT, "is not UTF-8"},
      {cut_short, ERR_FORMAT, "is not UTF-8"},
      {beyond, ERR_FORMAT, "is not UTF-8"},
      {bad_operator, ERR_FORMAT, "operator type 'Re?lu'"},
      {no_operator, ERR_FORMAT, "node 1 has no operator type"},
      {bad_domain, ERR_FORMAT, "operator domain '?'"},
      {bad_input, ERR_FORMAT, "value '?'"},
      {bad_output, ERR_FORMAT, "output '?o'"},
      {long_name, ERR_FORMAT, "xxx...' is longer than 512 bytes"},
  };
  (void)state;
  onnx_toy_refused_all(list, TOY_LENGTH(list));
  struct onnx_toy *t = onnx_toy_make();
  onnx_toy_find_node(t, "relu")->name =
      onnx_toy_text(t, "caf\xC3\xA9/\xE2\x82\xAC \xF0\x9F\x90\x88");
  struct graph *g = onnx_toy_accepted(t, NULL);
  graph_free(&g);
}

static void cycle(struct onnx_toy *t)
{
  onnx_toy_rewire(t, "relu", 0, "f");
}
static void self(struct onnx_toy *t)
{
  onnx_toy_rewire(t, "relu", 0, "r");
}
static void undefined(struct onnx_toy *t)
{
  onnx_toy_rewire(t, "relu", 0, "ghost");
}
static void lost_weights(struct onnx_toy *t)
{
  t->graph.n_initializer--;
}
static void twice_initialiser(struct onnx_toy *t)
{
  rename_b2(t, "w2");
}
static void twice_node(struct onnx_toy *t)
{
  onnx_toy_find_node(t, "relu")->output[0] = onnx_toy_text(t, "c");
}
static void node_makes_input(struct onnx_toy *t)
{
  onnx_toy_find_node(t, "relu")->output[0] = onnx_toy_text(t, "input");
}
static void node_makes_weights(struct onnx_toy *t)
{
  onnx_toy_find_node(t, "relu")->output[0] = onnx_toy_text(t, "w");
}
static void twice_input(struct onnx_toy *t)
{
  (void)onnx_toy_input(t, "input", 0, NULL);
}
static void no_input(struct onnx_toy *t)
{
  t->graph.n_input = 0;
}
static void no_nodes(struct onnx_toy *t)
{
  t->graph.n_node = 0;
}
static void no_output(struct onnx_toy *t)
{
  t->graph.n_output = 0;
}
static void unmade_output(struct onnx_toy *t)
{
  t->output[0]->name = onnx_toy_text(t, "ghost");
}
static void nameless_output(struct onnx_toy *t)
{
  t->output[0]->name = NULL;
}
static void constant_output(struct onnx_toy *t)
{
  t->output[0]->name = onnx_toy_text(t, "w2");
}
static void input_is_output(struct onnx_toy *t)
{
  t->output[0]->name = onnx_toy_text(t, "input");
}
static void many_inputs(struct onnx_toy *t)
{
  Onnx__NodeProto *n = onnx_toy_find_node(t, "relu");
  while (n->n_input < 5) n->input[n->n_input++] = onnx_toy_text(t, "c");
}
static void no_inputs(struct onnx_toy *t)
{
  onnx_toy_find_node(t, "relu")->n_input = 0;
}
static void absent_input(struct onnx_toy *t)
{
  onnx_toy_rewire(t, "relu", 0, "");
}
static void too_many_for_shape(struct onnx_toy *t)
{
  (void)onnx_toy_node(t, "Shape", "shape", "c c", "s");
  onnx_toy_rewire(t, "gemm", 2, "s");
}
static void no_outputs_at_all(struct onnx_toy *t)
{
  onnx_toy_find_node(t, "relu")->n_output = 0;
}
static void weights_as_image(struct onnx_toy *t)
{
  onnx_toy_rewire(t, "conv", 0, "w");
}

static void graphs_that_do_not_hold_together_are_refused(void **state)
{
  static const struct onnx_toy_spoil list[] = {
      {cycle, ERR_FORMAT, "the graph is cyclic: node '"},
      {self, ERR_FORMAT, "the graph is cyclic: node 'relu' (Relu)"},
      {undefined, ERR_FORMAT, "node 'relu' (Relu) reads 'ghost', which is neither"},
      {lost_weights, ERR_FORMAT, "node 'gemm' (Gemm) reads 'b2', which is neither"},
      {twice_initialiser, ERR_FORMAT, "value 'w2' is defined twice"},
      {twice_node, ERR_FORMAT, "value 'c' is defined twice"},
      {node_makes_input, ERR_FORMAT, "value 'input' is defined twice"},
      {node_makes_weights, ERR_FORMAT, "value 'w' is defined twice"},
      {twice_input, ERR_FORMAT, "value 'input' is defined twice"},
      {no_input, ERR_FORMAT, "reads 'input', which is neither"},
      {no_nodes, ERR_FORMAT, "no node makes the output 'logits'"},
      {no_output, ERR_FORMAT, "the model has no output"},
      {unmade_output, ERR_FORMAT, "no node makes the output 'ghost'"},
      {nameless_output, ERR_FORMAT, "no node makes the output ''"},
      {constant_output, ERR_UNSUPPORTED, "output 'w2' does not depend on the input"},
      {input_is_output, ERR_UNSUPPORTED, "logits [N, classes] are expected"},
      {many_inputs, ERR_FORMAT, "node 'relu' (Relu, opset 12): it has 5 inputs"},
      {no_inputs, ERR_FORMAT, "node 'relu' (Relu, opset 12)"},
      {absent_input, ERR_FORMAT, "node 'relu' (Relu, opset 12)"},
      {too_many_for_shape, ERR_FORMAT, "node 'shape' (Shape, opset 12): it has 2 inputs"},
      {no_outputs_at_all, ERR_FORMAT, "reads 'r', which is neither"},
      {weights_as_image, ERR_UNSUPPORTED, "node 'conv' (Conv, opset 12)"},
  };
  (void)state;
  onnx_toy_refused_all(list, TOY_LENGTH(list));
}

static Onnx__AttributeProto *pads(struct onnx_toy *t)
{
  return onnx_toy_find_node(t, "conv")->attribute[0];
}

static void attr_nameless(struct onnx_toy *t)
{
  pads(t)->name = NULL;
}
static void attr_reference(struct onnx_toy *t)
{
  pads(t)->ref_attr_name = onnx_toy_text(t, "outer");
}
static void attr_kind(struct onnx_toy *t)
{
  pads(t)->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
}
static void attr_unknown(struct onnx_toy *t)
{
  pads(t)->type = (Onnx__AttributeProto__AttributeType)77;
}
static void attr_huge(struct onnx_toy *t)
{
  pads(t)->ints[0] = INT64_MAX;
}
static void attr_negative(struct onnx_toy *t)
{
  pads(t)->ints[0] = INT64_MIN;
}
static void attr_twice(struct onnx_toy *t)
{
  onnx_toy_attr_ints(t, onnx_toy_find_node(t, "conv"), "pads", 4, pads(t)->ints);
}
static void attr_text(struct onnx_toy *t)
{
  Onnx__AttributeProto *a = onnx_toy_attr(t, onnx_toy_find_node(t, "conv"), "auto_pad",
                                          ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
  a->has_s = 1;
  a->s = (ProtobufCBinaryData){3, onnx_toy_keep(t, 3)};
  memcpy(a->s.data, "\x1b\x5b\x6d", 3);
}
static void attr_count(struct onnx_toy *t)
{
  for (int i = 1; i < TOY_MAX; i++) {
    char name[16];
    (void)snprintf(name, sizeof name, "a%d", i);
    onnx_toy_attr_int(t, onnx_toy_find_node(t, "gemm"), name, i);
  }
  onnx_toy_find_node(t, "gemm")->attribute[0]->name = onnx_toy_text(t, "a1");
}
static void constant_empty(struct onnx_toy *t)
{
  (void)onnx_toy_node(t, "Constant", "nothing", "", "k");
  onnx_toy_rewire(t, "gemm", 2, "k");
}

static void attributes_that_lie_are_refused(void **state)
{
  static const struct onnx_toy_spoil list[] = {
      {attr_nameless, ERR_FORMAT, "node 'conv' (Conv, opset 12): an attribute has no name"},
      {attr_reference, ERR_UNSUPPORTED, "refers to a function's attribute"},
      {attr_kind, ERR_FORMAT, "node 'conv' (Conv, opset 12)"},
      {attr_unknown, ERR_FORMAT, "node 'conv' (Conv, opset 12)"},
      {attr_huge, ERR_FORMAT, "node 'conv' (Conv, opset 12)"},
      {attr_negative, ERR_FORMAT, "node 'conv' (Conv, opset 12)"},
      {attr_twice, ERR_FORMAT, "attribute 'pads' is given twice"},
      {attr_text, ERR_FORMAT, "attribute value '?[m'"},
      {attr_count, ERR_FORMAT, "attribute 'a1' is given twice"},
      {constant_empty, ERR_UNSUPPORTED, "node 'nothing' (Constant, opset 12)"},
  };
  (void)state;
  onnx_toy_refused_all(list, TOY_LENGTH(list));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(versions_out_of_range_are_refused),
      cmocka_unit_test(names_that_cannot_be_printed_are_refused),
      cmocka_unit_test(graphs_that_do_not_hold_together_are_refused),
      cmocka_unit_test(attributes_that_lie_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, onnx_toy_cleanup);
}
