#pragma once
/* The file of a study of input bias, as data. */
#include "io/store.h"
#include "jobs/bias_plan.h"

struct bias_schema;

/** Describe the file.  b must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err bias_schema_make(const struct bias *b, const struct options *o,
                                struct bias_schema **out);
void bias_schema_free(struct bias_schema **a);

const struct store_schema *bias_schema_of(const struct bias_schema *a);
