#pragma once
/* What the program says of itself, on stdout. */
#include "jobs/job.h"

/** `retrograd --help`: every job with its line, and the exit codes. */
void help_program(void);

/** `retrograd JOB --help`. */
void help_job(const struct job *j);

/** `retrograd --version`. */
void help_version(void);
