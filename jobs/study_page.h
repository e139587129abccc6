#pragma once
/* The page of a study, and its tables as CSV. */
#include "jobs/study_spec.h"

struct study_setting {
  const char *model, *data, *folder; /* data NULL: none */
  const char *other, *trigger;       /* NULL: not given */
  int resamples;
  const char *const *settings; /* [n_settings] NAME=VALUE that the user gave to the jobs */
  int n_settings;
};

/** Write FOLDER/README.md, FOLDER/findings.csv, FOLDER/numbers.csv and the figures from complete files.
 *  Errors: as report_values; ERR_IO.  One rank. */
MUST_CHECK err study_page(const struct study_spec *spec, const struct study_setting *set);
