/** @file
 *  The table of rules, made from rule_list.h, and rules with parameters. */
#include "core/rule.h"

#include "core/nearest.h"

#include <stdio.h>
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

struct rule_use rule_default(const struct rule *r)
{
  return (struct rule_use){r, use_default(r->name, r->params)};
}

bool rule_same(const struct rule_use *a, const struct rule_use *b)
{
  return a->rule == b->rule && !strcmp(a->with.text, b->with.text);
}

double rule_number(const struct rule_use *u, const char *param)
{
  return use_number(&u->with, u->rule->params, param);
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

err rule_parse(const char *text, struct rule_use *out)
{
  char name[USE_TEXT];
  (void)snprintf(name, sizeof name, "%.*s", use_name_length(text), text);
  const struct rule *r = rule_find(name);
  if (!r) return unknown_rule(name);
  struct rule_use u = {.rule = r};
  TRY(use_parse(text, "rule", r->params, &u.with));
  *out = u;
  return ERR_OK;
}
