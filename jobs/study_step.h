#pragma once
/* What a study's steps are started with. */
#include "jobs/job.h"
#include "jobs/study_spec.h"

/** Whether a step is made: one of a second model is where there is one. */
bool study_has_step(const struct study_spec *s, const struct study_step *t,
                    const struct options *o);

/** The job of a step and its options: those of the step, what the study was given, and --settings, of which
 *  the last wins.  o: of `retrograd study`.  *out is new.
 *  Errors: ERR_UNSUPPORTED, those of options_parse. */
MUST_CHECK err study_step_options(const struct study_spec *s, const struct study_step *t,
                                  const struct options *o, const struct job **job,
                                  struct options **out);

/** What can be refused before anything is computed: settings that no step has or that cannot be read, a study
 *  of objects without any, a trigger that does not fit the model.  Reads the model where there is a trigger.
 *  Errors: ERR_USAGE, those of reading. */
MUST_CHECK err study_check(const struct study_spec *s, const struct options *o);
