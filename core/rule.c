/** @file
 *  The table of rules, made from rule_list.h. */
#include "core/rule.h"

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

const struct rule *rule_find(const char *name)
{
  for (const struct rule *const *r = rule_all; *r; r++)
    if (!strcmp((*r)->name, name)) return *r;
  return NULL;
}

const struct override *rule_override(const struct rule *r, const struct op *op)
{
  for (const struct override *o = r->overrides; o && o->op; o++)
    if (!strcmp(o->op, op->name)) return o;
  return NULL;
}
