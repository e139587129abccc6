#pragma once
/* The file of a study before any unit is computed: made, or found to belong to the same study. */
#include "pipeline/study.h"

struct runlog;

/** Make the file ready: an existing one is compared with the schema (or removed, with --force, saying
 *  what is removed), a missing one is created.  The lock is taken and kept in *log.
 *  Rank 0 only.  Errors: as study_run. */
MUST_CHECK err study_file_prepare(const struct study *s, struct runlog **log);
