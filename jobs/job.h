#pragma once
/* A job: one kind of study or one thing to do with a study's file; one subcommand each.
 * One file per job, one line in job_list.h. */
#include "core/err.h"
#include "jobs/option.h"

#include <stdbool.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SKIPPED = 3, EXIT_AGAIN = 75 };

struct job {
  const char *name;
  const char *summary;          /* one line of `retrograd --help` */
  const char *usage;            /* e.g. "retrograd layers M.onnx" */
  const char *about;            /* paragraph of `retrograd JOB --help`, may be NULL */
  const char *bare;             /* option that an argument without -- sets, or NULL */
  bool parallel;                /* runs on many ranks: main starts MPI first */
  const struct option *options; /* ended by {0} */
  /** Do it.  *exit_code is EXIT_DONE unless set otherwise.  Collective if parallel. */
  err (*run)(const struct options *o, int *exit_code);
};

/** All jobs, in the order of job_list.h, ended by NULL. */
extern const struct job *const job_all[];
