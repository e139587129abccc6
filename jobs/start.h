#pragma once
/* Starting a study from a job's options: the run log's line, the driver, and what is said at the end. */
#include "jobs/option.h"
#include "pipeline/study.h"

/* Options of every job that writes a study's file, to be put into its table. */
#define START_RUN_OPTIONS                                                                          \
  {"out", OPTION_TEXT, ROLE_RUN, "FILE", NULL, "The study's HDF5 file, made or continued."},       \
      {"single", OPTION_FLAG, ROLE_RUN,                                                            \
       NULL,     "false",     "One rank is meant, although Slurm gives several tasks."},           \
      {"force",  OPTION_FLAG,                                                                      \
       ROLE_RUN, NULL,                                                                             \
       "false",  "Start over: remove the file of an earlier study (it is said what is removed)."}, \
      {"quiet", OPTION_FLAG, ROLE_RUN, NULL, "false", "No progress lines."},                       \
      {"log-json", OPTION_FLAG,                                                                    \
       ROLE_RUN,   NULL,                                                                           \
       "false",    "Progress, the end and a failure as lines of JSON on standard error."},         \
  {                                                                                                \
    "log-every", OPTION_REAL, ROLE_RUN, "SECONDS", "30",                                           \
        "Between progress lines where standard error is not a terminal."                           \
  }

/* The options that start_study reads. */
#define START_OPTIONS                                                                            \
  START_RUN_OPTIONS,                                                                             \
  {                                                                                              \
    "commit-every", OPTION_REAL, ROLE_RUN, "SECONDS", "2",                                       \
        "A kill loses this much of a rank's work and the unit in flight at most; 0: a sync for " \
        "each unit."                                                                             \
  }

/** Run s, whose job, schema, samples, unit, who and functions are set, as the options say; print what it
 *  came to, on rank 0, and set the exit code.  Errors: as study_run.  Collective. */
MUST_CHECK err start_study(struct study *s, const struct options *o, struct study_result *result,
                           int *exit_code);
