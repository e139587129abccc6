#pragma once
/* The resolved configuration as canonical JSON: what is recorded in the file and compared on resume. */
#include "jobs/setup.h"

/** *json is new, the caller frees.  Holds no path, no rank count, no host and no time.
 *  Errors: ERR_MEMORY. */
MUST_CHECK err attribute_config(const struct setup *s, const struct options *o, char **json);

/** The same with every other setting of the job's own options.  Errors: ERR_MEMORY. */
MUST_CHECK err attribute_config_with(const struct setup *s, const struct options *o, char **json);
