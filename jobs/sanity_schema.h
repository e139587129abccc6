#pragma once
/* The file of a study of parameter randomisation, as data: docs/studies.md in code. */
#include "jobs/attribute_schema.h"
#include "jobs/sanity_plan.h"

/** Describe the file; attribute_schema_free frees it, attribute_schema_variable names the variables below
 *  /similarity and /summary.  s must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err sanity_schema_make(const struct sanity *s, const struct options *o,
                                  struct attribute_schema **out);
