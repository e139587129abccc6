#pragma once
/* What belongs to a run, not to a study: one line of the run log. */
#include "core/err.h"

/** JSON object: event, job, time, command line, host, ranks, Slurm's and OpenBLAS's variables.  New,
 *  the caller frees.  Errors: ERR_MEMORY. */
MUST_CHECK err run_line_make(const char *job, char **line);
