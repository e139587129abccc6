#pragma once
/* Reading the small part of YAML that study files are written in: `name: value` and
 * `name: [value, ...]`, one level deep.  The one owner of the foreign yaml.h. */
#include "core/err.h"

#include <stdbool.h>

struct yaml_pair {
  char *name;
  int line;  /* of the name, from 1 */
  bool list; /* a YAML list; otherwise one scalar, n = 1 */
  int n;
  char **text; /* [n] as text, quotes removed */
};

struct yaml_pairs {
  int n;
  struct yaml_pair *pair; /* [n] in the order of the file */
};

/** Read a file; an empty one has no pairs.
 *
 *  Refused by FILE:LINE, never a crash: what YAML itself refuses, a name twice, a name without a
 *  value, maps or lists inside, anchors, aliases, tags, several documents, text with a zero byte,
 *  more than 1 MiB or 1000 names.
 *  Errors: ERR_INPUT (cannot be read), ERR_FORMAT, ERR_MEMORY.  *out is written only on success and
 *  then belongs to the caller.  Not collective. */
MUST_CHECK err yaml_pairs_read(const char *path, struct yaml_pairs *out);

/** Free what yaml_pairs_read made; all zeros are fine. */
void yaml_pairs_free(struct yaml_pairs *p);

/** Version of the library that reads, "0.2.5". */
const char *yaml_pairs_version(void);
