/** @file
 *  The table of rules, made from rule_list.h, and rules with parameters. */
#include "core/rule.h"

#include "core/nearest.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE(name) extern const struct rule rule_##name;
#include "core/rule_list.h"
#undef RULE

const struct rule *const rule_all[] = {
#define RULE(name) &rule_##name,
#include "core/rule_list.h"
#undef RULE
    NULL,
};

enum { MOST_NAMES = 64 };

const struct rule *rule_find(const char *name)
{
  for (const struct rule *const *r = rule_all; *r; r++)
    if (!strcmp((*r)->name, name)) return *r;
  return NULL;
}

const struct override *rule_override(const struct rule *r, const struct op *op, enum op_role role)
{
  for (const struct override *o = r->overrides; o && o->backward; o++)
    if (o->op ? !strcmp(o->op, op->name) : o->role == role) return o;
  return NULL;
}

static int n_params(const struct rule *r)
{
  int n = 0;
  while (r->params && r->params[n].name) n++;
  assert(n <= RULE_PARAMS);
  return n;
}

/** The canonical text of a use. */
static void write_text(struct rule_use *u)
{
  const struct rule *r = u->rule;
  size_t n = (size_t)snprintf(u->text, sizeof u->text, "%s", r->name);
  bool open = false;
  for (int i = 0; i < n_params(r); i++) {
    if (i && u->param[i] == r->params[i].value) continue;
    n += (size_t)snprintf(u->text + n, sizeof u->text - n, "%c%s=%.9g", open ? ',' : '(',
                          r->params[i].name, u->param[i]);
    open = true;
    assert(n < sizeof u->text);
  }
  if (open) (void)snprintf(u->text + n, sizeof u->text - n, ")");
}

struct rule_use rule_default(const struct rule *r)
{
  struct rule_use u = {.rule = r};
  for (int i = 0; i < n_params(r); i++) u.param[i] = r->params[i].value;
  write_text(&u);
  return u;
}

bool rule_same(const struct rule_use *a, const struct rule_use *b)
{
  return a->rule == b->rule && !strcmp(a->text, b->text);
}

double rule_number(const struct rule_use *u, const char *param)
{
  int i = 0;
  while (strcmp(u->rule->params[i].name, param) != 0) i++;
  return u->param[i];
}

static err unknown_rule(const char *name)
{
  const char *names[MOST_NAMES];
  char near[256];
  int n = 0;
  for (const struct rule *const *r = rule_all; *r && n < MOST_NAMES; r++) names[n++] = (*r)->name;
  return FAIL(ERR_USAGE, "there is no rule '%s'%s (see retrograd methods)", name,
              nearest_text(name, names, n, near, sizeof near));
}

static err unknown_param(const struct rule *r, const char *name)
{
  const char *names[RULE_PARAMS];
  char near[256];
  const int n = n_params(r);
  CHECK(n, ERR_USAGE, "the rule %s has no parameters, and none called '%s'", r->name, name);
  for (int i = 0; i < n; i++) names[i] = r->params[i].name;
  return FAIL(ERR_USAGE, "the rule %s has no parameter '%s'%s (see retrograd methods)", r->name,
              name, nearest_text(name, names, n, near, sizeof near));
}

/** param=number, cut up in place. */
static err take_param(char *item, struct rule_use *u)
{
  const struct rule *r = u->rule;
  char *equals = strchr(item, '='), *end = NULL;
  CHECK(equals, ERR_USAGE, "rule %s: '%s' is not parameter=number", r->name, item);
  *equals = 0;
  int i = 0;
  while (i < n_params(r) && strcmp(r->params[i].name, item) != 0) i++;
  if (i == n_params(r)) return unknown_param(r, item);
  const struct rule_param *p = &r->params[i];
  const double v = strtod(equals + 1, &end);
  CHECK(end != equals + 1 && !*end && isfinite(v) && v >= p->least && v <= p->most &&
            (!p->whole || v == floor(v)),
        ERR_USAGE, "rule %s: %s=%s; a %snumber from %.9g to %.9g is expected", r->name, p->name,
        equals + 1, p->whole ? "whole " : "", p->least, p->most);
  u->param[i] = v + 0.0; /* -0 is 0 */
  return ERR_OK;
}

err rule_parse(const char *text, struct rule_use *out)
{
  char copy[RULE_TEXT * 2];
  CHECK(strlen(text) < sizeof copy, ERR_USAGE, "rule '%s' is longer than %zu characters", text,
        sizeof copy - 1);
  (void)snprintf(copy, sizeof copy, "%s", text);
  char *open = strchr(copy, '('), *more = NULL;
  if (open) {
    const size_t n = strlen(open);
    CHECK(n > 2 && open[n - 1] == ')', ERR_USAGE, "rule '%s' is not name(parameter=number,...)",
          text);
    open[n - 1] = 0;
    *open++ = 0;
  }
  const struct rule *r = rule_find(copy);
  if (!r) return unknown_rule(copy);
  struct rule_use u = rule_default(r);
  for (char *item = open ? strtok_r(open, ",", &more) : NULL; item;
       item = strtok_r(NULL, ",", &more))
    TRY(take_param(item, &u));
  write_text(&u);
  *out = u;
  return ERR_OK;
}
