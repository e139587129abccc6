#pragma once
/* Inside of struct options, for the option*.c files alone. */
#include "jobs/option.h"

#include <stdbool.h>
#include <stdint.h>

struct option_value {
  bool given;  /* by the command line or a study file */
  char *text;  /* as given, or the default; owned; NULL: no value */
  int64_t i;   /* OPTION_INT */
  double r;    /* OPTION_REAL */
  bool flag;   /* OPTION_FLAG */
  int n;       /* OPTION_LIST */
  char **item; /* [n] owned */
};

struct options {
  const char *job;
  const struct option *table;
  int n;
  struct option_value *value; /* [n] owned, as in the table */
};

/** Index in a table, or -1; `length` letters of name count. */
int option_find(const struct option *table, const char *name, int length);

/** Give option k the value that `text` says.  `where` begins the error text.  Errors: ERR_USAGE. */
MUST_CHECK err option_set(struct options *o, int k, const char *where, const char *text);

/** Give option k, a list, these n items as they are; `text` is them joined. */
MUST_CHECK err option_set_items(struct options *o, int k, const char *where, char *const *item,
                                int n);

/** Give option k, a list, one more item as it is; `first`: in place of what it has.
 *  Errors: ERR_USAGE. */
MUST_CHECK err option_add(struct options *o, int k, bool first, const char *text);

/** Empty a value. */
void option_clear(struct option_value *v);

/** Read a study file.  Errors: as options_parse. */
MUST_CHECK err option_study(struct options *o, const char *path);

/** The error of a name that is not in the table, with the nearest ones.
 *  what: "option --" or "FILE:LINE: setting ".  common: offer option_common too. */
MUST_CHECK err option_unknown(const struct options *o, const char *what, const char *name,
                              bool common);
