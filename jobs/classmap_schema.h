#pragma once
/* The file of a study of class maps, as data: docs/format.md in code. */
#include "io/store.h"
#include "jobs/classmap.h"

struct classmap_schema;

/** Describe the file.  c must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err classmap_schema_make(const struct classmap *c, struct classmap_schema **out);
void classmap_schema_free(struct classmap_schema **s);

const struct store_schema *classmap_schema_of(const struct classmap_schema *s);

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
