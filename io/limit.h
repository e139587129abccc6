#pragma once
/* Limits of the readers against hostile files: one list, with values for the whole process that are
 * set before anything is read. */
#include "core/err.h"

#include <stdint.h>

enum limit {
#define LIMIT(id, name, value, least, most, what) LIMIT_##id,
#include "io/limit_list.h"
#undef LIMIT
  LIMITS
};

struct limit_entry {
  const char *name;
  int64_t value, least, most; /* value: by default */
  const char *what;           /* that is counted */
};

/** The list, [LIMITS]. */
extern const struct limit_entry limit_all[];

/** The value in force. */
int64_t limit_of(enum limit l);

/** To end a refusal with: ": limit NAME, --reader-limits NAME=N sets another". */
const char *limit_hint(enum limit l);

/** Set one by "NAME=VALUE".  Errors: ERR_USAGE for an unknown name (with the nearest ones) and a value
 *  out of range.  Before anything is read, by one thread.  Not collective. */
MUST_CHECK err limit_set(const char *text);
