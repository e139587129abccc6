#pragma once
/* --dry-run: what a study would take. */
#include "jobs/attribute_schema.h"
#include "jobs/setup.h"

/** Print layers, passes, memory of a rank, bytes of the file, estimated time and a proposal for Slurm
 *  to standard output.  Some units are computed and written for the time and the memory
 *  (attribute_probe); no file stays.  Errors: ERR_USAGE.  Collective: rank 0 prints. */
MUST_CHECK err attribute_dry(const struct setup *s, const struct options *o,
                             const struct attribute_schema *a);
