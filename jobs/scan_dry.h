#pragma once
/* --dry-run of a scan. */
#include "jobs/scan_job.h"

/** Print rows, images that pass the network, memory, bytes of the file and estimated time; one batch is
 *  measured; no file is made.  Collective: rank 0 prints. */
MUST_CHECK err scan_dry(const struct scan_job *j, const struct options *o);
