#pragma once
/* The file of a study of input bias, as data. */
#include "jobs/attribute_schema.h"
#include "jobs/bias_plan.h"

/** Describe the file; attribute_schema_free frees it.  b must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err bias_schema_make(const struct bias *b, const struct options *o,
                                struct attribute_schema **out);
