/** @file
 *  Job `methods`: every rule, extract, aggregate and named method. */
#include "core/aggregate.h"
#include "core/extract.h"
#include "core/method.h"
#include "core/nearest.h"
#include "core/rule.h"
#include "jobs/job.h"
#include "jobs/print.h"

#include <stdio.h>
#include <string.h>

static const struct option options[] = {
    {"format", OPTION_TEXT, ROLE_RUN, "text|markdown", "text",
     "For reading, or the tables of the documentation."},
    {"names", OPTION_FLAG, ROLE_RUN, NULL, NULL, "Print the names of the named methods alone."},
    {0},
};

/** One line of a table; of all but the name and the formula NULL means nothing to say. */
struct entry {
  const char *name, *canonical, *place, *formula, *source;
  const char *sign, *cost, *limits; /* of tables that are rated */
};

/** Which columns a table has. */
struct columns {
  bool named; /* recipe and place */
  bool rated; /* sign, cost, what is not shown */
};

static const struct columns plain = {false, false}, named = {true, true}, rated = {false, true};

/** How a list is written. */
struct style {
  const char *name;
  void (*heading)(const char *title, const char *about, const struct columns *c);
  void (*entry)(const struct entry *e, const struct columns *c);
};

static void text_heading(const char *title, const char *about, const struct columns *c)
{
  (void)c;
  printf("%s: ", title);
  print_wrapped((int)strlen(title) + 2, 2, about);
  putchar('\n');
}

static void text_entry(const struct entry *e, const struct columns *c)
{
  enum { NAME = 18, COLUMN = NAME + 4 };

  if (strlen(e->name) > NAME) {
    printf("  %s\n%*s", e->name, COLUMN, "");
  } else {
    printf("  %-*s  ", NAME, e->name);
  }
  if (c->named) printf("= %s, %s\n%*s", e->canonical, e->place, COLUMN, "");
  print_wrapped(COLUMN, COLUMN, e->formula);
  if (e->source) {
    printf("%*s", COLUMN, "");
    print_wrapped(COLUMN, COLUMN, e->source);
    if (!c->rated) putchar('\n');
  }
  if (!c->rated) return;
  char text[512];
  (void)snprintf(text, sizeof text, "%s%s%s; does not show %s", e->sign ? e->sign : "",
                 e->sign ? "; " : "", e->cost, e->limits);
  printf("%*s", COLUMN, "");
  print_wrapped(COLUMN, COLUMN, text);
  putchar('\n');
}

static void markdown_heading(const char *title, const char *about, const struct columns *c)
{
  printf("\n### %s\n\n%s\n\n", title, about);
  printf("| name |%s formula | source |%s\n", c->named ? " recipe | where |" : "",
         c->rated ? " maps | passes | does not show |" : "");
  printf("|---|%s---|---|%s\n", c->named ? "---|---|" : "", c->rated ? "---|---|---|" : "");
}

/** Code in a cell: a bar would end the cell. */
static void markdown_code(const char *s)
{
  printf("`");
  for (; *s; s++) printf("%s%c", *s == '|' ? "\\" : "", *s);
  printf("` | ");
}

static void markdown_entry(const struct entry *e, const struct columns *c)
{
  printf("| ");
  markdown_code(e->name);
  if (c->named) {
    markdown_code(e->canonical);
    printf("%s | ", e->place);
  }
  markdown_code(e->formula);
  printf("%s |", e->source ? e->source : "");
  if (c->rated) printf(" %s | %s | %s |", e->sign ? e->sign : "", e->cost, e->limits);
  printf("\n");
}

static const char *sign_word(bool is_signed)
{
  return is_signed ? "signed" : "from 0 on";
}

/** Passes of a rule for one unit and target. */
static const char *rule_cost(const struct rule *r)
{
  return r->differences ? "2 forward, 1 backward" : "1 forward, 1 backward";
}

static const struct style styles[] = {
    {"text", text_heading, text_entry},
    {"markdown", markdown_heading, markdown_entry},
};
enum { STYLES = sizeof styles / sizeof *styles };

static void print_named(const struct style *s)
{
  s->heading(
      "Named methods",
      "give these names to --methods.  Passes are for one unit and target; methods of one rule "
      "share them, and all share "
      "the forward pass.  `basic` is gradient, gradient_sum, input_x_gradient, "
      "guided_backprop, deconvnet, grad_cam, linear_approx, normgrad, normgrad_selective and the "
      "cells of the table that they leave over; `all` is every name, every relevance rule, "
      "average, "
      "combination and step by itself, and those cells.",
      &named);
  for (const struct alias *a = alias_all; a->name; a++) {
    char rule[USE_TEXT];
    (void)snprintf(rule, sizeof rule, "%.*s", (int)strcspn(a->canonical, "(/"), a->canonical);
    s->entry(&(struct entry){a->name, a->canonical, a->input_only ? "at the input" : "at any tap",
                             a->formula, a->source, sign_word(method_is_signed(a->canonical)),
                             rule_cost(rule_find(rule)), a->limits},
             &named);
  }
}

/** What a parameter is by default, and what it may be. */
static void print_param(const struct style *s, const char *of, const struct param *p)
{
  char name[80], allowed[256], text[512];

  (void)snprintf(name, sizeof name, "%s %s", of, p->name);
  (void)snprintf(text, sizeof text, "%s; %s", p->about, use_describe(p, allowed, sizeof allowed));
  s->entry(&(struct entry){.name = name, .formula = text}, &plain);
}

static void print_params(const struct style *s)
{
  s->heading(
      "Parameters",
      "of rules, averages, combinations and steps: rectgrad(q=95,abs=1)/bias/sum.  What is not "
      "given is at its "
      "default.",
      &plain);
  for (const struct rule *const *r = rule_all; *r; r++)
    for (const struct param *p = (*r)->params; p && p->name; p++) print_param(s, (*r)->name, p);
  for (const struct average *const *a = average_all; *a; a++)
    for (const struct param *p = (*a)->params; p && p->name; p++) print_param(s, (*a)->name, p);
  for (const struct combination *const *c = combination_all; *c; c++)
    for (const struct param *p = (*c)->params; p && p->name; p++) print_param(s, (*c)->name, p);
  for (const struct param *p = meta_params; p->name; p++) print_param(s, meta_name, p);
  if (s->heading == text_heading) putchar('\n');
}

static void print_combinations(const struct style *s)
{
  s->heading(
      "Combinations",
      "of maps at several layers into one at the input's resolution, over_layers in the file.  "
      "Those "
      "over layers take a method: layers_sum(weights=linear)[grad_cam], of the layers of --over or "
      "--layers; by themselves they are of gradient/conv1x1/norm.  fullgrad and guided_grad_cam "
      "choose "
      "their own layers.  In an average, smoothgrad[fullgrad], a combination is of averaged "
      "signals.",
      &rated);
  for (const struct combination *const *c = combination_all; *c; c++) {
    const struct use with = use_default((*c)->name, (*c)->params);
    s->entry(&(struct entry){(*c)->name, NULL, NULL, (*c)->formula, (*c)->source,
                             sign_word((*c)->is_signed(&with)), (*c)->cost, (*c)->limits},
             &rated);
  }
}

static void print_steps(const struct style *s)
{
  s->heading("Steps",
             "of gradient descent on the model's weights, sample by sample and target by target, "
             "before the "
             "map is taken: meta(lr=0.001)[grad_cam]; by itself of gradient/conv1x1/norm.  The "
             "model's own "
             "weights are untouched.",
             &rated);
  s->entry(&(struct entry){meta_name, NULL, NULL, meta_formula, meta_source, NULL, meta_cost,
                           meta_limits},
           &rated);
}

static void print_parts(const struct style *s)
{
  s->heading("Rules",
             "how the signal g comes back through each operator.  Any rule goes with any "
             "extract and aggregate: --methods rule/extract/aggregate, globs allowed.  A relevance "
             "rule (lrp_*, excitation*) by itself means rule/bias/sum.",
             &rated);
  for (const struct rule *const *r = rule_all; *r; r++) {
    s->entry(&(struct entry){(*r)->name, NULL, NULL, (*r)->formula, (*r)->source, NULL,
                             rule_cost(*r), (*r)->limits},
             &rated);
  }
  s->heading(
      "Averages",
      "over copies of the input: smoothgrad(n=50)[gradient/bias/sum].  By itself an average is "
      "that of gradient/bias/maxabs, or of gradient/bias/sum at the input for those over a path.",
      &rated);
  for (const struct average *const *a = average_all; *a; a++) {
    char cost[80];
    const struct use with = use_default((*a)->name, (*a)->params);
    const int copies = (*a)->copies(&with);
    (void)snprintf(cost, sizeof cost, "%d forward, %d backward by default", copies + 1, copies);
    s->entry(&(struct entry){(*a)->name, NULL, NULL, (*a)->formula, (*a)->source, NULL, cost,
                             (*a)->limits},
             &rated);
  }
  print_combinations(s);
  print_steps(s);
  print_params(s);
  s->heading("Extracts", "what is taken at each position u, from activation a and signal g.",
             &plain);
  for (const struct extract *const *x = extract_all; *x; x++) {
    s->entry(&(struct entry){.name = (*x)->name, .formula = (*x)->formula, .source = (*x)->source},
             &plain);
  }
  s->heading("Aggregates", "how the entries gamma_i of the extract at u become one number.",
             &plain);
  for (const struct aggregate *a = aggregate_all; a->name; a++)
    s->entry(&(struct entry){.name = a->name, .formula = a->formula}, &plain);
}

static err find_style(const char *name, const struct style **out)
{
  const char *names[STYLES];
  char near[80];

  for (int i = 0; i < STYLES; i++) {
    names[i] = styles[i].name;
    if (strcmp(name, names[i]) != 0) continue;
    *out = &styles[i];
    return ERR_OK;
  }
  return FAIL(ERR_USAGE, "--format: '%s' is neither text nor markdown%s", name,
              nearest_text(name, names, STYLES, near, sizeof near));
}

static err run(const struct options *o, int *exit_code)
{
  const struct style *s = &styles[0];

  TRY(find_style(options_text(o, "format"), &s));
  if (options_flag(o, "names")) {
    for (const struct alias *a = alias_all; a->name; a++) puts(a->name);
    *exit_code = EXIT_DONE;
    return ERR_OK;
  }
  print_named(s);
  print_parts(s);
  *exit_code = EXIT_DONE;
  return ERR_OK;
}

const struct job job_methods = {
    .name = "methods",
    .summary = "list the methods, rules, extracts and aggregates with formula and source",
    .usage = "retrograd methods [--format markdown] [--names]",
    .about =
        "A method is named, or written rule/extract/aggregate: gradient/conv1x1/norm.  Each "
        "part may be a glob; a rule may have parameters, rectgrad(q=95)/bias/sum; `table` is the "
        "whole extract-and-aggregate table under the rule gradient.",
    .options = options,
    .run = run,
};
