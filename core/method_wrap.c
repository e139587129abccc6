/** @file
 *  Names of methods that are made of others: name(parameters)[method].
 *
 *  From the outside in, a step of the weights comes first, then a combination of maps over taps, then an average over copies of the input;
 *  they may be written in either order, because a combination reads averaged maps. */
#include "core/method_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** What stands in front of the brackets. */
struct wrapper {
  const char *text;           /* canonical */
  const char *given;          /* all of the name */
  struct average_use average; /* one of these three */
  struct combination_use combination;
  struct meta_use meta;
};

static err wrap_average(const struct wrapper *w, const struct method *of, struct method *m)
{
  const struct average *a = w->average.average;
  CHECK(!of->average.average, ERR_USAGE,
        "method '%s': an average of an average is not available; take one of them", w->given);
  CHECK(!of->combination.combination || !a->input_only, ERR_USAGE,
        "method '%s': %s is about the input alone, %s about several taps; take one of them",
        w->given, a->name, of->combination.combination->name);
  CHECK(!of->combination.combination || !of->combination.combination->sizes, ERR_USAGE,
        "method '%s': an average of %s, which looks at other sizes of the image, is not available; "
        "take one of them",
        w->given, of->combination.combination->name);
  m->average = w->average;
  m->input_only = of->input_only || a->input_only;
  (void)snprintf(m->formula, sizeof m->formula, "%s; %.255s", a->formula, of->formula);
  (void)snprintf(m->source, sizeof m->source, "%s", a->source);
  return ERR_OK;
}

static err wrap_combination(const struct wrapper *w, const struct method *of, struct method *m)
{
  const struct combination *c = w->combination.combination;
  CHECK(!of->combination.combination, ERR_USAGE,
        "method '%s': a combination of a combination is not available; take one of them", w->given);
  m->combination = w->combination;
  (void)snprintf(m->formula, sizeof m->formula, "%s; s: %.255s", c->formula, of->formula);
  (void)snprintf(m->source, sizeof m->source, "%s", c->source);
  return ERR_OK;
}

static err wrap_meta(const struct wrapper *w, const struct method *of, struct method *m)
{
  m->meta = w->meta;
  (void)snprintf(m->formula, sizeof m->formula, "%.255s; %s", of->formula, meta_formula);
  (void)snprintf(m->source, sizeof m->source, "%s", meta_source);
  return ERR_OK;
}

static err wrap(const struct wrapper *w, const struct method *of, bool alone, struct method *m)
{
  *m = *of;
  CHECK(!of->meta.on, ERR_USAGE,
        "method '%s': the step of %s is taken first: write it outermost, and once", w->given,
        of->meta.with.text);
  TRY(w->meta.on           ? wrap_meta(w, of, m)
      : w->average.average ? wrap_average(w, of, m)
                           : wrap_combination(w, of, m));
  const size_t bytes = strlen(w->text) + strlen(of->canonical) + 3;
  CHECK(bytes <= sizeof m->canonical, ERR_USAGE, "method '%s': its name is too long", w->given);
  (void)snprintf(m->canonical, sizeof m->canonical, "%.95s[%.*s]", w->text,
                 (int)strlen(of->canonical), of->canonical);
  (void)snprintf(m->given, sizeof m->given, "%s", alone ? w->given : m->canonical);
  return ERR_OK;
}

/** Every method that `inner` names, wrapped. */
static err append_all_of(struct method_list *l, const struct wrapper *w, const char *inner)
{
  struct method_list in = {0};
  err e = method_expand_one(&in, inner);
  for (int i = 0; i < in.n && !e; i++) {
    struct method m;
    e = wrap(w, &in.item[i], in.n == 1, &m);
    if (!e) e = method_append(l, &m);
  }
  free(in.item);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** A combination that takes no method: it chooses its own cells. */
static err append_bare(struct method_list *l, const struct wrapper *w)
{
  const struct combination *c = w->combination.combination;
  struct method m = {.combination = w->combination,
                     .rule = rule_default(rule_find("gradient")),
                     .extract = extract_find("bias"),
                     .aggregate = aggregate_find("sum")};
  (void)snprintf(m.canonical, sizeof m.canonical, "%s", w->text);
  (void)snprintf(m.given, sizeof m.given, "%s", w->given);
  (void)snprintf(m.formula, sizeof m.formula, "%s", c->formula);
  (void)snprintf(m.source, sizeof m.source, "%s", c->source);
  return method_append(l, &m);
}

static bool begins_with(const char *name, const char *with)
{
  const size_t n = strcspn(name, "([");
  return strlen(with) == n && !strncmp(with, name, n);
}

static bool names_average(const char *name)
{
  for (const struct average *const *a = average_all; *a; a++)
    if (begins_with(name, (*a)->name)) return true;
  return false;
}

bool method_is_wrapped(const char *name)
{
  for (const struct combination *const *c = combination_all; *c; c++)
    if (begins_with(name, (*c)->name)) return true;
  return names_average(name) || begins_with(name, meta_name);
}

/** Cut the name up: *inner is what stands in brackets, or NULL. */
static err cut(char *name, char **inner)
{
  char *open = strchr(name, '[');
  *inner = NULL;
  if (!open) return ERR_OK;
  const size_t n = strlen(open);
  CHECK(n > 2 && open[n - 1] == ']', ERR_USAGE, "method '%s' is not name[method]", name);
  open[n - 1] = 0;
  *open = 0;
  *inner = open + 1;
  return ERR_OK;
}

err method_append_wrapped(struct method_list *l, const char *name)
{
  char copy[METHOD_TEXT];
  char *inner = NULL;
  struct wrapper w = {.given = name};
  (void)snprintf(copy, sizeof copy, "%s", name);
  TRY(cut(copy, &inner));
  if (names_average(copy)) {
    TRY(average_parse(copy, &w.average));
    w.text = w.average.with.text;
    return append_all_of(l, &w, inner ? inner : w.average.average->of);
  }
  if (begins_with(copy, meta_name)) {
    TRY(meta_parse(copy, &w.meta));
    w.text = w.meta.with.text;
    return append_all_of(l, &w, inner ? inner : meta_of);
  }
  TRY(combination_parse(copy, &w.combination));
  w.text = w.combination.with.text;
  const char *of = w.combination.combination->of;
  CHECK(of || !inner, ERR_USAGE, "method '%s': %s takes no method in brackets", name, copy);
  if (!of) return append_bare(l, &w);
  return append_all_of(l, &w, inner ? inner : of);
}
