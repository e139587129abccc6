#pragma once
/* The file of a study of class maps, as data: docs/format.md in code. */
#include "jobs/classmap.h"
#include "jobs/draft.h"

/** Describe the file.  c must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err classmap_schema_make(const struct classmap *c, struct draft **out);

/** The checks of the file's summary. */
enum classmap_check {
  CLASSMAP_SEEDS,
  CLASSMAP_HALVES,
  CLASSMAP_DISTRIBUTION,
  CLASSMAP_SPECIFICITY,
  CLASSMAP_FIDELITY,
  CLASSMAP_COLLAPSE,
  CLASSMAP_CHECKS
};
struct classmap_check_about {
  const char *name, *about;
  double threshold;
};
extern const struct classmap_check_about classmap_check_all[CLASSMAP_CHECKS];

/** Variants of a role, and the first of them; n 0 where there is none. */
int classmap_role_count(const struct classmap *c, enum classmap_role role, int *first);
