#pragma once
/* The file of an attribute study, as data: docs/format.md in code. */
#include "io/store.h"
#include "jobs/setup.h"

struct attribute_schema;

/** Describe the file of a study.  `s` must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err attribute_schema_make(const struct setup *s, const struct options *o,
                                     struct attribute_schema **out);
void attribute_schema_free(struct attribute_schema **a);

const struct store_schema *attribute_schema_of(const struct attribute_schema *a);

/** Name of the variable of place i below /maps. */
const char *attribute_schema_variable(const struct attribute_schema *a, int i);
