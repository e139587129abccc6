/** @file
 *  Choosing taps by patterns. */
#include "check.h"
#include "core/select.h"
#include "core_net.h"

#include <stdio.h>
#include <string.h>

enum { MOST_TAPS = 64 };

static struct net net;

static int setup(void **unused)
{
  (void)unused;
  const struct net_spec spec = {.seed = 1};
  net_make(&spec, &net);
  assert_true(net.graph->n_taps <= MOST_TAPS);
  return 0;
}

static int teardown(void **unused)
{
  (void)unused;
  net_free(&net);
  return 0;
}

static const char *tap_name(const struct graph *g, int tap)
{
  return g->values[g->taps[tap]].name;
}

/** The patterns choose exactly the taps in `expected`, names in order joined by blanks. */
static void check_of(const struct graph *g, const char *a, const char *b, const char *expected)
{
  const char *const patterns[] = {a, b};
  bool chosen[MOST_TAPS];
  char text[1024] = "";
  size_t used = 0;
  memset(chosen, 1, sizeof chosen);
  if (select_taps(g, patterns, b ? 2 : 1, chosen)) fail_msg("%s", err_message());
  for (int i = 0; i < g->n_taps; i++) {
    if (!chosen[i]) continue;
    const int n =
        snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", tap_name(g, i));
    used += (size_t)n;
    assert_true(used < sizeof text);
  }
  assert_string_equal(text, expected);
}

static void check(const char *pattern, const char *expected)
{
  check_of(net.graph, pattern, NULL, expected);
}

static void refuse_of(const struct graph *g, const char *pattern, const char *part)
{
  bool chosen[MOST_TAPS];
  assert_int_equal(select_taps(g, &pattern, 1, chosen), ERR_USAGE);
  if (!strstr(err_message(), part)) fail_msg("'%s' is not in: %s", part, err_message());
}

static void refuse(const char *pattern, const char *part)
{
  refuse_of(net.graph, pattern, part);
}

static void words_choose_by_role(void **unused)
{
  (void)unused;
  check("input", "x");
  check("convs", "conv1 conv2 conv3 conv4 conv5 conv6");
  check("last_conv", "conv6");
  check("last", "relu2"); /* what follows has one position */
  check("all", "x conv1 norm1 relu1 conv2 add1 leaky1 max1 average1 joined conv3 clip1 conv4 "
               "leaky2 wide conv5 elu1 conv6 relu2 pooled flat logits");
}

static void names_types_and_globs_choose(void **unused)
{
  (void)unused;
  check("conv3", "conv3");
  check("logits", "logits");
  check("Relu", "relu1 relu2");
  check("BatchNormalization", "norm1");
  check("conv*", "conv1 conv2 conv3 conv4 conv5 conv6");
  check("*Pool", "max1 average1 pooled");
  check("?elu[12]", "relu1 relu2");
  check("*1", "conv1 norm1 relu1 add1 leaky1 max1 average1 clip1 elu1");
}

static void an_index_chooses_one_tap(void **unused)
{
  (void)unused;
  for (int i = 0; i < net.graph->n_taps; i++) {
    char text[16];
    (void)snprintf(text, sizeof text, "%d", i);
    check(text, tap_name(net.graph, i));
  }
}

static void patterns_add_up(void **unused)
{
  (void)unused;
  check_of(net.graph, "conv3", "input", "x conv3");
  check_of(net.graph, "conv1", "conv*", "conv1 conv2 conv3 conv4 conv5 conv6");
}

static void what_matches_nothing_is_refused(void **unused)
{
  (void)unused;
  bool chosen[MOST_TAPS];
  refuse("conv33", "'conv33'; did you mean 'conv3'");
  refuse("realu1", "'relu1'");
  refuse("batchnormalisation", "'BatchNormalization'");
  refuse("lst_conv", "'last_conv'");
  refuse("zzzzzzzz", "no layer matches 'zzzzzzzz' (");
  refuse("", "no layer matches ''");
  refuse("22", "lists all 22");
  refuse("-1", "no layer matches");
  refuse("99999999999999999999", "no layer matches");
  refuse("3x", "no layer matches");
  refuse("constant", "no layer matches"); /* weights are no taps */
  assert_int_equal(select_taps(net.graph, NULL, 0, chosen), ERR_USAGE);
}

/** A chain of Identity nodes with these names of nodes and values, after an input "image" and a
 *  constant "1"; the last one stands for nodes called "part" and "4", and a dead one for "lost". */
static struct graph *named_graph(const char *const names[][2], int n)
{
  const struct shape shape = {2, {1, 2}};
  struct graph_builder *b;
  struct graph *g;
  int y, unused, dead;
  assert_int_equal(graph_builder_make(13, &b), ERR_OK);
  assert_int_equal(graph_add_input(b, "image", &shape, &y), ERR_OK);
  assert_int_equal(graph_add_ints(b, "1", &shape, (const int64_t[]){1, 2}, &unused), ERR_OK);
  for (int i = 0; i < n; i++) {
    const int in[] = {y};
    const struct graph_node_spec spec = {.name = names[i][0],
                                         .op = op_find("Identity"),
                                         .n_in = 1,
                                         .in = in,
                                         .out_name = names[i][1]};
    assert_int_equal(graph_add_node(b, &spec, &y), ERR_OK);
  }
  const struct graph_node_spec spec = {
      .op = op_find("Identity"), .n_in = 1, .in = &y, .out_name = "dead"};
  assert_int_equal(graph_add_node(b, &spec, &dead), ERR_OK);
  assert_int_equal(graph_note_inner(b, "lost", dead), ERR_OK);
  assert_int_equal(graph_note_inner(b, "part", y), ERR_OK);
  assert_int_equal(graph_note_inner(b, "4", y), ERR_OK);
  assert_int_equal(graph_finish(&b, y, &g), ERR_OK);
  return g;
}

/** Values and nodes may be called by numbers: a tap's name wins over an index, a weight's does not. */
static void a_name_wins_over_an_index(void **unused)
{
  (void)unused;
  static const char *const names[][2] = {{"a", "11"}, {"b", "4"}, {"0", "13"}, {"", "14"}};
  struct graph *g = named_graph(names, 4);
  check_of(g, "4", NULL, "4");
  check_of(g, "0", NULL, "13");
  check_of(g, "1", NULL, "11"); /* tap 1, although a constant is called "1" */
  check_of(g, "2", NULL, "4");
  check_of(g, "b", NULL, "4");
  check_of(g, "Identity", NULL, "11 4 13 14");
  graph_free(&g);
}

/** Who asks for a value inside an operator that stands for several nodes is told which one that is. */
static void what_lies_inside_an_operator_is_told(void **unused)
{
  (void)unused;
  static const char *const names[][2] = {{"a", "4"}, {"b", "whole"}};
  struct graph *g = named_graph(names, 2);
  refuse_of(g, "part", "layer 'part' lies inside 'whole' (Identity)");
  refuse_of(g, "p*t", "layer 'part' lies inside 'whole' (Identity)");
  refuse_of(g, "lost", "no layer matches 'lost'");
  check_of(g, "4", NULL, "4"); /* there is a tap of that name */
  graph_free(&g);
}

/** Exact names win over their reading as a glob. */
static void names_with_brackets_match_themselves(void **unused)
{
  (void)unused;
  static const char *const names[][2] = {{"block[0]", "out[0]"}, {"block[1]", "out[1]"}};
  struct graph *g = named_graph(names, 2);
  check_of(g, "block[1]", NULL, "out[1]");
  check_of(g, "out[0]", NULL, "out[0]");
  check_of(g, "out*", NULL, "out[0] out[1]");
  graph_free(&g);
}

/** Without positions and convolutions there is no last map and no last convolution. */
static void words_without_meaning_are_refused(void **unused)
{
  (void)unused;
  static const char *const names[][2] = {{"a", "b"}};
  static const char *const words[] = {"last", "last_conv", "convs"};
  struct graph *g = named_graph(names, 1);
  bool chosen[MOST_TAPS];
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    assert_int_equal(select_taps(g, &words[i], 1, chosen), ERR_USAGE);
  graph_free(&g);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_choose_by_role),
      cmocka_unit_test(names_types_and_globs_choose),
      cmocka_unit_test(an_index_chooses_one_tap),
      cmocka_unit_test(patterns_add_up),
      cmocka_unit_test(what_matches_nothing_is_refused),
      cmocka_unit_test(a_name_wins_over_an_index),
      cmocka_unit_test(what_lies_inside_an_operator_is_told),
      cmocka_unit_test(names_with_brackets_match_themselves),
      cmocka_unit_test(words_without_meaning_are_refused),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
