/** @file
 *  Named methods and the expansion of what the user wrote. */
#include "core/method.h"

#include "core/method_impl.h"
#include "core/nearest.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct alias alias_all[] = {
#define ALIAS(name, canonical, formula, source, input_only, basic, limits) \
  {name, canonical, formula, source, input_only, basic, limits},
#include "core/alias_list.h"
#undef ALIAS
    {0},
};

/* The table of METHODS 1.1: these extracts times these aggregates. */
static const char *const table_extracts[] = {"bias", "scaling", "conv1x1", "conv3x3",
                                             "conv3x3_depthwise"};
static const char *const table_aggregates[] = {"sum", "max", "norm", "filter_norm"};

enum {
  N_TABLE_EXTRACTS = sizeof table_extracts / sizeof *table_extracts,
  N_TABLE_AGGREGATES = sizeof table_aggregates / sizeof *table_aggregates
};

err method_append(struct method_list *l, const struct method *m)
{
  for (int i = 0; i < l->n; i++)
    if (!strcmp(l->item[i].given, m->given)) return ERR_OK;
  if (l->n == l->max) {
    const int bigger = l->max ? 2 * l->max : 32;
    struct method *p = realloc(l->item, (size_t)bigger * sizeof *p);
    CHECK(p, ERR_MEMORY, "no memory for %d methods", bigger);
    l->item = p;
    l->max = bigger;
  }
  l->item[l->n++] = *m;
  return ERR_OK;
}

static struct method cell(const struct rule_use *r, const struct extract *x,
                          const struct aggregate *a)
{
  struct method m = {.rule = *r, .extract = x, .aggregate = a};
  (void)snprintf(m.canonical, sizeof m.canonical, "%s/%s/%s", r->with.text, x->name, a->name);
  (void)snprintf(m.given, sizeof m.given, "%s", m.canonical);
  (void)snprintf(m.formula, sizeof m.formula, "%s, %s; %s", a->formula, x->formula,
                 r->rule->formula);
  (void)snprintf(m.source, sizeof m.source, "%s", r->rule->relevance ? r->rule->source : x->source);
  return m;
}

/** rule/extract/aggregate, cut up; false when it is something else. */
static bool split(const char *name, char part[3][METHOD_TEXT])
{
  int p = 0;
  size_t used = 0;
  for (const char *c = name; *c; c++) {
    if (*c == '/') {
      if (++p > 2) return false;
      used = 0;
      continue;
    }
    if (used + 1 >= sizeof part[0]) return false;
    part[p][used++] = *c;
    part[p][used] = 0;
  }
  return p == 2 && part[0][0] && part[1][0] && part[2][0];
}

/** Every cell of one rule whose other two parts match. */
static err append_cells(struct method_list *l, const struct rule_use *r, char part[3][METHOD_TEXT],
                        int *found)
{
  for (const struct extract *const *x = extract_all; *x; x++) {
    for (const struct aggregate *a = aggregate_all; a->name; a++) {
      if (fnmatch(part[1], (*x)->name, 0) || fnmatch(part[2], a->name, 0)) continue;
      const struct method m = cell(r, *x, a);
      TRY(method_append(l, &m));
      ++*found;
    }
  }
  return ERR_OK;
}

/** Every cell whose three parts match; globs and plain names alike. */
static err append_matches(struct method_list *l, char part[3][METHOD_TEXT], int *found)
{
  struct rule_use use;
  if (strchr(part[0], '(')) {
    TRY(rule_parse(part[0], &use));
    return append_cells(l, &use, part, found);
  }
  for (const struct rule *const *r = rule_all; *r; r++) {
    use = rule_default(*r);
    if (!fnmatch(part[0], (*r)->name, 0)) TRY(append_cells(l, &use, part, found));
  }
  return ERR_OK;
}

static bool stands_alone(const struct rule *r)
{
  return r->relevance || r->differences;
}

/** A relevance rule by itself: relevance, summed over channels; a rule with a reference: what its differences
 *  contribute. */
static err append_relevance(struct method_list *l, const char *name)
{
  struct rule_use use;
  TRY(rule_parse(name, &use));
  CHECK(stands_alone(use.rule), ERR_USAGE,
        "'%s' is a rule: write rule/extract/aggregate, such as %s/bias/maxabs", name, name);
  const char *extract = use.rule->differences ? "scaling" : "bias";
  struct method m = cell(&use, extract_find(extract), aggregate_find("sum"));
  (void)snprintf(m.given, sizeof m.given, "%s", name);
  return method_append(l, &m);
}

static err append_alias(struct method_list *l, const struct alias *alias)
{
  char part[3][METHOD_TEXT] = {"", "", ""};
  struct rule_use use;
  (void)split(alias->canonical, part);
  TRY(rule_parse(part[0], &use));
  struct method m = cell(&use, extract_find(part[1]), aggregate_find(part[2]));
  m.input_only = alias->input_only;
  (void)snprintf(m.given, sizeof m.given, "%s", alias->name);
  (void)snprintf(m.formula, sizeof m.formula, "%s", alias->formula);
  (void)snprintf(m.source, sizeof m.source, "%s", alias->source);
  return method_append(l, &m);
}

/** True when an alias that lives at every tap already names that cell. */
static bool is_named(const struct method_list *l, const char *canonical)
{
  for (int i = 0; i < l->n; i++)
    if (!l->item[i].input_only && !strcmp(l->item[i].canonical, canonical)) return true;
  return false;
}

static err append_table(struct method_list *l, bool only_unnamed)
{
  const struct rule_use gradient = rule_default(rule_find("gradient"));
  for (int i = 0; i < N_TABLE_EXTRACTS * N_TABLE_AGGREGATES; i++) {
    const struct method m = cell(&gradient, extract_find(table_extracts[i / N_TABLE_AGGREGATES]),
                                 aggregate_find(table_aggregates[i % N_TABLE_AGGREGATES]));
    if (only_unnamed && is_named(l, m.canonical)) continue;
    TRY(method_append(l, &m));
  }
  return ERR_OK;
}

static err append_basic(struct method_list *l)
{
  for (const struct alias *a = alias_all; a->name; a++)
    if (a->basic) TRY(append_alias(l, a));
  TRY(append_table(l, true));
  return ERR_OK;
}

static err append_all(struct method_list *l)
{
  for (const struct alias *a = alias_all; a->name; a++) TRY(append_alias(l, a));
  for (const struct rule *const *r = rule_all; *r; r++)
    if (stands_alone(*r)) TRY(append_relevance(l, (*r)->name));
  for (const struct average *const *a = average_all; *a; a++)
    if (!(*a)->wants_baselines) TRY(method_append_wrapped(l, (*a)->name));
  for (const struct combination *const *c = combination_all; *c; c++)
    TRY(method_append_wrapped(l, (*c)->name));
  TRY(method_append_wrapped(l, meta_name));
  TRY(append_table(l, true));
  return ERR_OK;
}

/** Say which part of rule/extract/aggregate does not exist. */
static err unknown_part(const char *name, char part[3][METHOD_TEXT])
{
  static const char *const kind[] = {"rule", "extract", "aggregate"};
  enum { MOST = 64 };
  const char *names[3][MOST] = {{0}};
  int n[3] = {0};
  for (const struct rule *const *r = rule_all; *r && n[0] < MOST; r++)
    names[0][n[0]++] = (*r)->name;
  for (const struct extract *const *x = extract_all; *x && n[1] < MOST; x++)
    names[1][n[1]++] = (*x)->name;
  for (const struct aggregate *a = aggregate_all; a->name && n[2] < MOST; a++)
    names[2][n[2]++] = a->name;
  for (int p = 0; p < 3; p++) {
    bool known = false;
    for (int i = 0; i < n[p]; i++) known = known || !fnmatch(part[p], names[p][i], 0);
    char near[256];
    if (!known) {
      return FAIL(ERR_USAGE, "method '%s': there is no %s '%s'%s (see retrograd methods)", name,
                  kind[p], part[p], nearest_text(part[p], names[p], n[p], near, sizeof near));
    }
  }
  return FAIL(ERR_USAGE, "method '%s' matches nothing (see retrograd methods)", name);
}

static err unknown_name(const char *name)
{
  enum { MOST = 128 };
  const char *names[MOST + 4];
  int n = 0;
  for (const struct alias *a = alias_all; a->name && n < MOST; a++) names[n++] = a->name;
  for (const struct rule *const *r = rule_all; *r && n < MOST; r++)
    if (stands_alone(*r)) names[n++] = (*r)->name;
  for (const struct average *const *a = average_all; *a && n < MOST; a++) names[n++] = (*a)->name;
  for (const struct combination *const *c = combination_all; *c && n < MOST; c++)
    names[n++] = (*c)->name;
  names[n++] = meta_name;
  names[n++] = "table";
  names[n++] = "basic";
  names[n++] = "all";
  char near[256];
  return FAIL(ERR_USAGE, "there is no method '%s'%s (see retrograd methods)", name,
              nearest_text(name, names, n, near, sizeof near));
}

/** The name begins with that of a rule: the rule itself, maybe with parameters. */
static bool names_rule(const char *name)
{
  const size_t n = strcspn(name, "(");
  for (const struct rule *const *r = rule_all; *r; r++)
    if (strlen((*r)->name) == n && !strncmp((*r)->name, name, n)) return true;
  return false;
}

err method_expand_one(struct method_list *l, const char *name)
{
  char part[3][METHOD_TEXT] = {"", "", ""};
  int found = 0;
  CHECK(strlen(name) < METHOD_TEXT, ERR_USAGE,
        "there is no method '%s': names have at most %d characters", name, METHOD_TEXT - 1);
  if (!strcmp(name, "all")) return append_all(l);
  if (!strcmp(name, "basic")) return append_basic(l);
  if (!strcmp(name, "table")) return append_table(l, false);
  for (const struct alias *a = alias_all; a->name; a++)
    if (!strcmp(a->name, name)) return append_alias(l, a);
  if (method_is_wrapped(name)) return method_append_wrapped(l, name);
  if (!split(name, part)) return names_rule(name) ? append_relevance(l, name) : unknown_name(name);
  TRY(append_matches(l, part, &found));
  if (!found) return unknown_part(name, part);
  return ERR_OK;
}

/** The name stands for several methods. */
static bool names_many(const char *name)
{
  return !strcmp(name, "all") || !strcmp(name, "basic") || !strcmp(name, "table") ||
         strpbrk(name, "*?");
}

err method_expand(const char *const *names, int n_names, struct method **out, int *n)
{
  struct method_list l = {0};
  CHECK(n_names > 0, ERR_USAGE, "no method is asked for: give --methods, e.g. grad_cam,normgrad");
  for (int i = 0; i < n_names; i++) {
    const int first = l.n;
    const err e = method_expand_one(&l, names[i]);
    for (int k = first; k < l.n; k++) l.item[k].of_many = names_many(names[i]);
    if (e) {
      free(l.item);
      return err_trace(e, __FILE__, __LINE__);
    }
  }
  *out = l.item;
  *n = l.n;
  return ERR_OK;
}

bool method_is_signed(const char *canonical)
{
  struct method *m = NULL;
  int n = 0;
  if (method_expand(&canonical, 1, &m, &n) || !m || n < 1) return true;
  const struct combination_use *c = &m[0].combination;
  const bool is_signed =
      c->combination ? c->combination->is_signed(&c->with) : m[0].aggregate->is_signed;
  free(m);
  return is_signed;
}
