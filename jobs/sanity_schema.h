#pragma once
/* The file of a study of parameter randomisation, as data: docs/sanity.md in code. */
#include "io/store.h"
#include "jobs/sanity_plan.h"

struct sanity_schema;

/** Describe the file.  s must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err sanity_schema_make(const struct sanity *s, const struct options *o,
                                  struct sanity_schema **out);
void sanity_schema_free(struct sanity_schema **a);

const struct store_schema *sanity_schema_of(const struct sanity_schema *a);

/** Name of the variable of plan tap i below /similarity and /summary. */
const char *sanity_schema_variable(const struct sanity_schema *a, int i);
