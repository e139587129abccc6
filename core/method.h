#pragma once
/* Methods: rule/extract/aggregate under a name.  Grammar: DESIGN.md section 7. */
#include "core/aggregate.h"
#include "core/err.h"
#include "core/extract.h"
#include "core/rule.h"

#include <stdbool.h>

struct method {
  char given[64];     /* as the user wrote it */
  char canonical[64]; /* rule/extract/aggregate */
  char formula[256];
  char source[256];
  const struct rule *rule;
  const struct extract *extract;
  const struct aggregate *aggregate;
  bool input_only; /* lives at the input, not at every tap */
};

/** A named recipe. */
struct alias {
  const char *name, *canonical, *formula, *source;
  bool input_only;
};

/** All aliases, ended by a NULL name. */
extern const struct alias alias_all[];

/** Expand a list of names into methods, in order, each canonical form and name once.
 *
 *  A name is an alias, `rule/extract/aggregate` (each part may be a glob: gradient/ * / *, without the
 *  blanks), `table` (the whole extract-and-aggregate table under the rule gradient), or `all` (every
 *  alias, then the cells of the table that no alias names).
 *  *out [*n] is new, the caller frees.  Errors: ERR_USAGE with the nearest names. */
MUST_CHECK err method_expand(const char *const *names, int n_names, struct method **out, int *n);
