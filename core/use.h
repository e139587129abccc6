#pragma once
/* Parts of a method's name that take parameters, such as rules: rectgrad(q=98). */
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { USE_PARAMS = 6, USE_TEXT = 96 };

/** A number, or one of some words, that a part can be given. */
struct param {
  const char *name;
  double value;       /* by default */
  double least, most; /* both allowed */
  bool whole;         /* whole numbers only */
  const char *about;
  const char *const *words; /* instead of numbers: the value is the index of one; ended by NULL */
};

#define PARAM(name, value, least, most, about)   \
  {                                              \
    name, value, least, most, false, about, NULL \
  }
#define PARAM_WHOLE(name, value, least, most, about) \
  {                                                  \
    name, value, least, most, true, about, NULL      \
  }
#define PARAM_WORD(name, words, about)      \
  {                                         \
    name, 0.0, 0.0, 0.0, true, about, words \
  }

/** Values for a list of parameters. */
struct use {
  double param[USE_PARAMS]; /* in the order of the list */
  char text
      [USE_TEXT]; /* canonical: rectgrad(q=98); what is at its default is left out, but for the first */
};

/** Every parameter at its default.  params: at most USE_PARAMS, ended by {0}; NULL: none. */
struct use use_default(const char *name, const struct param *params);

/** Read "name" or "name(param=value,...)", whose name was found already.
 *  kind: what it is, for messages: "rule".  Errors: ERR_USAGE, with the nearest names or what is allowed. */
MUST_CHECK err use_parse(const char *text, const char *kind, const struct param *params,
                         struct use *out);

/** Whether all parameters have the same values. */
bool use_same(const struct use *a, const struct use *b);

/** The value of a parameter, which the list must have. */
double use_number(const struct use *u, const struct param *params, const char *name);

/** The length of the name in front of the parameters. */
int use_name_length(const char *text);

/** Write what is allowed and the default, "0 to 100, 98 by default", into text [bytes]; returns text.
 *  A default below -FLT_MAX stands for none. */
const char *use_describe(const struct param *p, char *text, int bytes);
