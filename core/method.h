#pragma once
/* Methods: rule/extract/aggregate under a name.  Grammar: DESIGN.md section 7. */
#include "core/aggregate.h"
#include "core/average.h"
#include "core/combination.h"
#include "core/err.h"
#include "core/extract.h"
#include "core/meta.h"
#include "core/rule.h"

#include <stdbool.h>

enum { METHOD_TEXT = 160 };

struct method {
  char given[METHOD_TEXT]; /* as the user wrote it */
  char canonical
      [METHOD_TEXT]; /* rule(parameters)/extract/aggregate, in average(parameters)[] where it
                                  is of one */
  char formula[512];
  char source[256];
  struct meta_use meta;       /* on the weights after a step; off: on the model's own */
  struct average_use average; /* of copies of the input; none: the input itself */
  struct rule_use rule;
  const struct extract *extract;
  const struct aggregate *aggregate;
  struct combination_use
      combination; /* of maps at several taps: it lives over them; none: at a tap */
  const struct combination_take *take; /* of a part of such a method, made by the plan; else NULL */
  bool input_only;                     /* lives at the input, not at every tap */
  bool of_many;                        /* a glob or a word for many methods named it */
};

/** A named recipe. */
struct alias {
  const char *name, *canonical, *formula, *source;
  bool input_only;
  bool basic;         /* one of `basic` */
  const char *limits; /* what it is known not to show */
};

/** All aliases, ended by a NULL name. */
extern const struct alias alias_all[];

/** Expand a list of names into methods, in order, each canonical form and name once.
 *
 *  A name is an alias; a relevance rule by itself, which means rule/bias/sum; `rule/extract/aggregate`
 *  (each part may be a glob: gradient/ * / *, without the blanks; a rule may have parameters:
 *  rectgrad(q=95)/bias/sum); any of these in an average, smoothgrad(n=50)[gradient/bias/sum], or an
 *  average by itself, which means that of its `of`; a combination of maps over taps likewise,
 *  layers_sum(weights=linear)[normgrad]; `table` (the whole extract-and-aggregate table under the rule gradient);
 *  `basic` (the aliases under gradient, guided and deconvnet that are not of the class-activation family
 *  but for grad_cam, then the cells of the table that no alias names); or `all` (every alias, every
 *  relevance rule by itself, and those cells).
 *  *out [*n] is new, the caller frees.  Errors: ERR_USAGE with the nearest names. */
MUST_CHECK err method_expand(const char *const *names, int n_names, struct method **out, int *n);

/** Whether maps may be negative, by a method's canonical form; true for what this program does not know. */
bool method_is_signed(const char *canonical);
