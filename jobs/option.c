/** @file
 *  What was chosen: making, freeing and asking. */
#include "jobs/option.h"

#include "core/nearest.h"
#include "jobs/option_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const struct option option_common[] = {
    {"study", OPTION_TEXT, ROLE_RUN, "FILE", NULL,
     "Read options from a YAML file of `name: value` lines; the command line wins over it."},
    {"set", OPTION_TEXT, ROLE_RUN, "NAME=VALUE", NULL, "The same as --NAME=VALUE."},
    {"print-config", OPTION_FLAG, ROLE_RUN, NULL, NULL,
     "Print the options in force as a study file, and do nothing else."},
    {"trace", OPTION_FLAG, ROLE_RUN, NULL, NULL,
     "With an error, print the source lines that it came through (or set RETROGRAD_TRACE=1)."},
    {"help", OPTION_FLAG, ROLE_RUN, NULL, NULL, "Print this text."},
    {0},
};

int option_find(const struct option *table, const char *name, int length)
{
  for (int k = 0; table[k].name; k++) {
    if ((int)strlen(table[k].name) == length && strncmp(table[k].name, name, (size_t)length) == 0) {
      return k;
    }
  }
  return -1;
}

err option_unknown(const struct options *o, const char *what, const char *name, bool common)
{
  enum { NAMES = 128 };
  const char *names[NAMES];
  char near[200];
  int n = 0;

  for (int k = 0; k < o->n && n < NAMES; k++) names[n++] = o->table[k].name;
  for (int k = 0; common && option_common[k].name && n < NAMES; k++)
    names[n++] = option_common[k].name;
  return FAIL(ERR_USAGE, "%s%s is not known%s (retrograd %s --help lists them)", what, name,
              nearest_text(name, names, n, near, sizeof near), o->job);
}

void option_clear(struct option_value *v)
{
  free(v->text);
  for (int i = 0; i < v->n; i++) free(v->item[i]);
  free((void *)v->item);
  *v = (struct option_value){0};
}

void options_free(struct options **o)
{
  if (!*o) return;
  for (int k = 0; k < (*o)->n; k++) option_clear(&(*o)->value[k]);
  free((*o)->value);
  free(*o);
  *o = NULL;
}

/** Index of an option that the caller knows to be there. */
static int index_of(const struct options *o, const char *name)
{
  const int k = option_find(o->table, name, (int)strlen(name));
  assert(k >= 0);
  return k;
}

/** Value of an option that the caller knows to be there and of that kind. */
static const struct option_value *value_of(const struct options *o, const char *name,
                                           enum option_kind kind)
{
  const int k = index_of(o, name);
  assert(o->table[k].kind == kind);
  (void)kind;
  return &o->value[k];
}

bool options_given(const struct options *o, const char *name)
{
  return o->value[index_of(o, name)].given;
}

const char *options_text(const struct options *o, const char *name)
{
  return o->value[index_of(o, name)].text;
}

int64_t options_int(const struct options *o, const char *name)
{
  return value_of(o, name, OPTION_INT)->i;
}

double options_real(const struct options *o, const char *name)
{
  return value_of(o, name, OPTION_REAL)->r;
}

bool options_flag(const struct options *o, const char *name)
{
  return value_of(o, name, OPTION_FLAG)->flag;
}

const char *const *options_list(const struct options *o, const char *name, int *n)
{
  const struct option_value *v = value_of(o, name, OPTION_LIST);
  *n = v->n;
  return (const char *const *)v->item;
}

err options_need(const struct options *o, const char *name)
{
  const int k = index_of(o, name);
  CHECK(o->value[k].text, ERR_USAGE, "--%s %s is needed (see retrograd %s --help)", name,
        o->table[k].value ? o->table[k].value : "", o->job);
  return ERR_OK;
}
