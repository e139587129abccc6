#pragma once
/* What the files about methods' names share. */
#include "core/method.h"

struct method_list {
  struct method *item;
  int n, max;
};

/** Append unless one of that name is there.  Errors: ERR_MEMORY. */
MUST_CHECK err method_append(struct method_list *l, const struct method *m);

/** Append what one name stands for.  Errors: ERR_USAGE, ERR_MEMORY. */
MUST_CHECK err method_expand_one(struct method_list *l, const char *name);

/** Whether the name begins with that of something that takes a method in [brackets]: an average or a
 *  combination. */
bool method_is_wrapped(const char *name);

/** wrapper(parameters)[methods], or a wrapper by itself.  Errors: ERR_USAGE, ERR_MEMORY. */
MUST_CHECK err method_append_wrapped(struct method_list *l, const char *name);
