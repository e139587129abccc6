/** @file
 *  Names of methods and what they expand to. */
#include "check.h"
#include "core/method.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct methods {
  struct method *item;
  int n;
};

static struct methods expand(const char *a, const char *b)
{
  const char *const names[] = {a, b};
  struct methods m = {0};
  if (method_expand(names, b ? 2 : 1, &m.item, &m.n)) fail_msg("%s: %s", a, err_message());
  return m;
}

static void refuse_for(const char *name, err code, const char *part)
{
  struct method *item = NULL;
  int n = -1;
  assert_int_equal(method_expand(&name, 1, &item, &n), code);
  assert_null(item);
  assert_int_equal(n, -1);
  if (!strstr(err_message(), part)) fail_msg("'%s' is not in: %s", part, err_message());
}

static void refuse(const char *name, err code, const char *part)
{
  refuse_for(name, code, part);
  assert_non_null(strstr(err_message(), name));
}

/** Every method is what its canonical form says. */
static void check_parts(const struct method *m)
{
  char text[512];
  const bool averaged = m->average.average;
  if (m->combination.combination || m->meta.on) return; /* wrappers_have_names */
  (void)snprintf(text, sizeof text, "%s%s%s/%s/%s%s", averaged ? m->average.with.text : "",
                 averaged ? "[" : "", m->rule.with.text, m->extract->name, m->aggregate->name,
                 averaged ? "]" : "");
  assert_string_equal(text, m->canonical);
  assert_true(m->formula[0] && m->source[0] && m->given[0]);
}

static void every_part_makes_a_name(void **unused)
{
  (void)unused;
  for (const struct rule *const *r = rule_all; *r; r++) {
    for (const struct extract *const *x = extract_all; *x; x++) {
      for (const struct aggregate *a = aggregate_all; a->name; a++) {
        char name[256];
        const struct rule_use use = rule_default(*r);
        (void)snprintf(name, sizeof name, "%s/%s/%s", use.with.text, (*x)->name, a->name);
        const struct methods m = expand(name, NULL);
        assert_int_equal(m.n, 1);
        assert_string_equal(m.item[0].given, name);
        assert_string_equal(m.item[0].canonical, name);
        assert_ptr_equal(m.item[0].rule.rule, *r);
        assert_ptr_equal(m.item[0].extract, *x);
        assert_ptr_equal(m.item[0].aggregate, a);
        assert_false(m.item[0].input_only);
        free(m.item);
      }
    }
  }
}

static void every_alias_is_its_canonical_form(void **unused)
{
  (void)unused;
  for (const struct alias *a = alias_all; a->name; a++) {
    const struct methods m = expand(a->name, NULL);
    assert_int_equal(m.n, 1);
    check_parts(&m.item[0]);
    assert_string_equal(m.item[0].given, a->name);
    assert_string_equal(m.item[0].canonical, a->canonical);
    assert_string_equal(m.item[0].formula, a->formula);
    assert_string_equal(m.item[0].source, a->source);
    assert_int_equal(m.item[0].input_only, a->input_only);
    free(m.item);
  }
}

/** The names that the methods are known by, written out once more. */
static void known_names_mean_what_they_should(void **unused)
{
  (void)unused;
  static const char *const known[][2] = {
      {"gradient", "gradient/bias/maxabs"},
      {"gradient_sum", "gradient/bias/sum"},
      {"input_x_gradient", "gradient/scaling/sum"},
      {"guided_backprop", "guided/bias/maxabs"},
      {"deconvnet", "deconvnet/bias/maxabs"},
      {"grad_cam", "gradient/cam/relu_sum"},
      {"linear_approx", "gradient/scaling/sum"},
      {"normgrad", "gradient/conv1x1/norm"},
      {"normgrad_selective", "gradient/scaling/filter_norm"},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const struct methods m = expand(known[i][0], NULL);
    assert_string_equal(m.item[0].canonical, known[i][1]);
    assert_int_equal(m.item[0].input_only, !strcmp(known[i][0], "input_x_gradient"));
    free(m.item);
  }
}

static void the_table_has_twenty_cells(void **unused)
{
  (void)unused;
  static const char *const extracts[] = {"bias", "scaling", "conv1x1", "conv3x3",
                                         "conv3x3_depthwise"};
  static const char *const aggregates[] = {"sum", "max", "norm", "filter_norm"};
  const struct methods m = expand("table", NULL);
  assert_int_equal(m.n, 20);
  for (int i = 0; i < m.n; i++) {
    char name[256];
    (void)snprintf(name, sizeof name, "gradient/%s/%s", extracts[i / 4], aggregates[i % 4]);
    assert_string_equal(m.item[i].given, name);
    check_parts(&m.item[i]);
  }
  free(m.item);
}

/** `all`: every alias, every cell once, no name twice. */
static void all_names_everything_once(void **unused)
{
  (void)unused;
  const struct methods all = expand("all", NULL), table = expand("table", NULL);
  int aliases = 0, named = 0, relevance = 0, averages = 0, combinations = 0;
  while (combination_all[combinations]) combinations++;
  for (const struct average *const *a = average_all; *a; a++) averages += !(*a)->wants_baselines;
  for (const struct rule *const *r = rule_all; *r; r++)
    relevance += (*r)->relevance || (*r)->differences;
  for (const struct alias *a = alias_all; a->name; a++)
    assert_string_equal(all.item[aliases++].given, a->name);
  for (int i = 0; i < all.n; i++) {
    check_parts(&all.item[i]);
    for (int k = 0; k < i; k++) assert_string_not_equal(all.item[i].given, all.item[k].given);
  }
  for (int t = 0; t < table.n; t++) {
    int cells = 0;
    for (int i = 0; i < all.n; i++)
      cells += !all.item[i].input_only && !strcmp(all.item[i].canonical, table.item[t].canonical);
    assert_int_equal(cells, 1);
    for (int i = 0; i < aliases; i++)
      named += !all.item[i].input_only && !strcmp(all.item[i].canonical, table.item[t].canonical);
  }
  assert_int_equal(all.n, aliases + relevance + averages + combinations + 1 + table.n - named);
  free(all.item);
  free(table.item);
}

static void globs_expand_each_part(void **unused)
{
  (void)unused;
  struct methods m = expand("gradient/bias/*", NULL);
  int n = 0;
  for (const struct aggregate *a = aggregate_all; a->name; a++)
    assert_string_equal(m.item[n++].aggregate->name, a->name);
  assert_int_equal(m.n, n);
  free(m.item);
  m = expand("*/conv?x?/norm", NULL);
  n = 0;
  for (const struct rule *const *r = rule_all; *r; r++) n += 2;
  assert_int_equal(m.n, n);
  free(m.item);
  m = expand("g*/[bs][ic]*/sum", NULL); /* gradient and guided; bias and scaling */
  assert_int_equal(m.n, 4);
  free(m.item);
}

/** Parameters: canonical text, and what it leaves out. */
static void rules_take_parameters(void **unused)
{
  (void)unused;
  static const char *const known[][2] = {
      {"rectgrad/bias/sum", "rectgrad(q=98)/bias/sum"},
      {"rectgrad(q=98.50)/bias/sum", "rectgrad(q=98.5)/bias/sum"},
      {"rectgrad(abs=1,q=90)/bias/sum", "rectgrad(q=90,abs=1)/bias/sum"},
      {"rectgrad(abs=0)/bias/sum", "rectgrad(q=98)/bias/sum"},
      {"lrp_gamma", "lrp_gamma(gamma=0.25)/bias/sum"},
      {"lrp_epsilon(epsilon=1e-3)", "lrp_epsilon(epsilon=0.001)/bias/sum"},
      {"excitation", "excitation/bias/sum"},
      {"smoothgrad", "smoothgrad(n=25)[gradient/bias/maxabs]"},
      {"smoothgrad(n=5,spread=0.15)[grad_cam]", "smoothgrad(n=5)[gradient/cam/relu_sum]"},
      {"vargrad(spread=0.2)[rectgrad(q=90)/bias/sum]",
       "vargrad(n=25,spread=0.2)[rectgrad(q=90)/bias/sum]"},
      {"integrated_gradients(baseline=blur)",
       "integrated_gradients(n=50,baseline=blur)[gradient/bias/sum]"},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const struct methods m = expand(known[i][0], NULL);
    assert_int_equal(m.n, 1);
    assert_string_equal(m.item[0].canonical, known[i][1]);
    check_parts(&m.item[0]);
    free(m.item);
  }
}

static void order_is_as_given_and_names_come_once(void **unused)
{
  (void)unused;
  struct methods m = expand("normgrad", "grad_cam");
  assert_int_equal(m.n, 2);
  assert_string_equal(m.item[0].given, "normgrad");
  assert_string_equal(m.item[1].given, "grad_cam");
  free(m.item);
  m = expand("grad_cam", "grad_cam");
  assert_int_equal(m.n, 1);
  free(m.item);
  m = expand("table", "gradient/bias/sum");
  assert_int_equal(m.n, 20);
  free(m.item);
  m = expand("normgrad", "gradient/conv1x1/norm"); /* two names of one thing are two maps */
  assert_int_equal(m.n, 2);
  free(m.item);
}

/** Methods over a set of layers and after a step: canonical form, and whether maps are signed. */
static void wrappers_have_names(void **unused)
{
  (void)unused;
  static const struct {
    const char *given, *canonical;
    bool is_signed;
  } known[] = {
      {"fullgrad", "fullgrad(post=absolute)", false},
      {"fullgrad(post=signed,input=0)", "fullgrad(post=signed,input=0)", true},
      {"fullgrad(simple=1)", "fullgrad(post=absolute,simple=1)", false},
      {"smoothgrad(n=3)[fullgrad]", "smoothgrad(n=3)[fullgrad(post=absolute)]", false},
      {"guided_grad_cam", "guided_grad_cam(upsample=bilinear)", false},
      {"guided_grad_cam(channels=sum)", "guided_grad_cam(upsample=bilinear,channels=sum)", true},
      {"layers_sum", "layers_sum(weights=uniform)[gradient/conv1x1/norm]", false},
      {"layers_product(weights=linear)[linear_approx]",
       "layers_product(weights=linear)[gradient/scaling/sum]", false},
      {"layers_sum[smoothgrad(n=2)[normgrad]]",
       "layers_sum(weights=uniform)[smoothgrad(n=2)[gradient/conv1x1/norm]]", false},
      {"gradient_sum", "gradient/bias/sum", true},
      {"meta", "meta(lr=0.0025)[gradient/conv1x1/norm]", false},
      {"meta(negate=1)[smoothgrad(n=2)[gradient_sum]]",
       "meta(lr=0.0025,negate=1)[smoothgrad(n=2)[gradient/bias/sum]]", true},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const struct methods m = expand(known[i].given, NULL);
    assert_int_equal(m.n, 1);
    assert_string_equal(m.item[0].canonical, known[i].canonical);
    assert_string_equal(m.item[0].given, known[i].given);
    assert_true(m.item[0].formula[0] && m.item[0].source[0]);
    assert_int_equal(method_is_signed(known[i].canonical), known[i].is_signed);
    free(m.item);
  }
  const struct methods many = expand("layers_sum[gradient/bias/*]", NULL);
  assert_true(many.n > 3);
  free(many.item);
  refuse("layers_sum[fullgrad]", ERR_USAGE, "combination of a combination");
  refuse("smoothgrad[meta]", ERR_USAGE, "write it outermost");
  refuse("meta[meta]", ERR_USAGE, "and once");
  refuse("fullgrad[normgrad]", ERR_USAGE, "takes no method");
  refuse("integrated_gradients[fullgrad]", ERR_USAGE, "input alone");
  refuse_for("layers_sum(weights=wide)", ERR_USAGE, "uniform, linear, activation");
  refuse("layers_sum[normgrad", ERR_USAGE, "is not name[method]");
  assert_true(method_is_signed("none/of/these"));
}

static void mistakes_name_what_is_near(void **unused)
{
  (void)unused;
  struct method *item = NULL;
  int n;
  refuse("normgard", ERR_USAGE, "'normgrad'");
  refuse("gradcam", ERR_USAGE, "'grad_cam'");
  refuse("tabel", ERR_USAGE, "'table'");
  refuse("gradent/bias/sum", ERR_USAGE, "there is no rule 'gradent'; did you mean 'gradient'");
  refuse("gradient/conv1x/sum", ERR_USAGE, "no extract 'conv1x'; did you mean 'conv1x1'");
  refuse("gradient/bias/nrom", ERR_USAGE, "no aggregate 'nrom'; did you mean 'norm'");
  refuse("gradient/bias", ERR_USAGE, "there is no method");
  refuse("gradient/bias/sum/sum", ERR_USAGE, "there is no method");
  refuse("gradient//sum", ERR_USAGE, "there is no method");
  refuse("", ERR_USAGE, "there is no method");
  refuse_for("rectgrad(p=98)/bias/sum", ERR_USAGE, "no parameter 'p'");
  refuse_for("rectgrad(q=101)/bias/sum", ERR_USAGE, "0 to 100");
  refuse_for("rectgrad(q=x)/bias/sum", ERR_USAGE, "0 to 100");
  refuse_for("rectgrad(abs=0.5)/bias/sum", ERR_USAGE, "whole");
  refuse_for("rectgrad(q)/bias/sum", ERR_USAGE, "parameter=value");
  refuse_for("rectgrad()/bias/sum", ERR_USAGE, "is not name(parameter=value");
  refuse_for("rectgrad(q=98/bias/sum", ERR_USAGE, "is not name(parameter=value");
  refuse_for("guided(q=98)/bias/sum", ERR_USAGE, "has no parameters");
  refuse_for("smoothgrad(n=0)", ERR_USAGE, "1 to 16777215");
  refuse_for("integrated_gradients(baseline=grey)", ERR_USAGE, "zero, black, mean, blur, given");
  refuse("smoothgrad[vargrad]", ERR_USAGE, "average of an average");
  refuse("smoothgrad[gradient", ERR_USAGE, "is not name[method]");
  refuse_for("smoothgrad[gradent]", ERR_USAGE, "'gradient'");
  refuse("guided", ERR_USAGE, "guided/bias/maxabs");
  assert_int_equal(method_expand(NULL, 0, &item, &n), ERR_USAGE);
}

/** What maps do not show is said of everything. */
static void limits_are_said(void **unused)
{
  (void)unused;
  for (const struct alias *a = alias_all; a->name; a++) assert_true(a->limits[0]);
  for (const struct rule *const *r = rule_all; *r; r++)
    if (!(*r)->limits || !(*r)->limits[0]) fail_msg("rule %s has no limits", (*r)->name);
  for (const struct average *const *a = average_all; *a; a++)
    if (!(*a)->limits || !(*a)->limits[0]) fail_msg("average %s has no limits", (*a)->name);
  for (const struct combination *const *c = combination_all; *c; c++) {
    if (!(*c)->limits || !(*c)->cost)
      fail_msg("combination %s has no limits or no cost", (*c)->name);
  }
}

/** Names longer than any buffer are refused, not cut. */
static void long_names_are_refused(void **unused)
{
  (void)unused;
  char name[400];
  memset(name, 'a', sizeof name);
  name[sizeof name - 1] = 0;
  refuse(name, ERR_USAGE, "there is no method");
  name[100] = name[200] = '/';
  refuse(name, ERR_USAGE, "there is no method");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_part_makes_a_name),
      cmocka_unit_test(every_alias_is_its_canonical_form),
      cmocka_unit_test(known_names_mean_what_they_should),
      cmocka_unit_test(the_table_has_twenty_cells),
      cmocka_unit_test(all_names_everything_once),
      cmocka_unit_test(globs_expand_each_part),
      cmocka_unit_test(rules_take_parameters),
      cmocka_unit_test(order_is_as_given_and_names_come_once),
      cmocka_unit_test(wrappers_have_names),
      cmocka_unit_test(mistakes_name_what_is_near),
      cmocka_unit_test(limits_are_said),
      cmocka_unit_test(long_names_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
