#pragma once
/* --dry-run: what a study would take. */
#include "jobs/attribute_schema.h"
#include "jobs/setup.h"

/** Print layers, passes, memory of a rank, bytes of the file and estimated time to standard output.
 *  One unit is computed on zeros for the time and the memory; no file is touched.  Collective: rank
 *  0 prints. */
MUST_CHECK err attribute_dry(const struct setup *s, const struct attribute_schema *a);
