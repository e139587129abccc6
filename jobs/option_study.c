/** @file
 *  Options from a study file. */
#include "io/yaml.h"
#include "jobs/option_impl.h"

#include <stdio.h>
#include <string.h>

/** The line `job: NAME`. */
static err check_job(const struct options *o, const char *path, const struct yaml_pair *p)
{
  CHECK(!p->list && strcmp(p->text[0], o->job) == 0, ERR_USAGE,
        "%s:%d: this file is for the job '%s', not for '%s'", path, p->line, p->n ? p->text[0] : "",
        o->job);
  return ERR_OK;
}

static err apply(struct options *o, const char *path, const struct yaml_pair *p)
{
  char where[600];
  const int k = option_find(o->table, p->name, (int)strlen(p->name));

  (void)snprintf(where, sizeof where, "%s:%d: setting ", path, p->line);
  if (k < 0 && strcmp(p->name, "job") == 0) return check_job(o, path, p);
  if (k < 0) return option_unknown(o, where, p->name, false);
  (void)snprintf(where, sizeof where, "%s:%d: %s", path, p->line, p->name);
  CHECK(!p->list || o->table[k].kind == OPTION_LIST, ERR_USAGE,
        "%s: one value is wanted, not a list", where);
  return p->list ? option_set_items(o, k, where, p->text, p->n)
                 : option_set(o, k, where, p->text[0]);
}

err option_study(struct options *o, const char *path)
{
  err e = ERR_OK;
  struct yaml_pairs all = {0};

  TRY(yaml_pairs_read(path, &all));
  for (int i = 0; i < all.n && !e; i++) e = apply(o, path, &all.pair[i]);
  yaml_pairs_free(&all);
  return e;
}
