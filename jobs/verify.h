#pragma once
/* What the checks of the job `verify` share. */
#include "jobs/option.h"
#include "jobs/view.h"

/** The checks and what the one at hand has found. */
struct verify {
  struct view *view;
  const struct options *options; /* model, data, recipe, classes */
  int64_t problems;              /* of this check */
  char first[600];               /* the first of them */
  char note[600];                /* why the check could not be made, or "" */
  float *logits;                 /* [n_classes] */
};

/** Count a problem; the first one's text is kept. */
void verify_problem(struct verify *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** The check cannot be made here, which is not a problem of the study. */
void verify_skip(struct verify *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The checks.  What is wrong is reported by verify_problem; errors are failures to read. */

/** Every layer has maps of its shape, of known methods; nothing else is in /maps. */
MUST_CHECK err verify_structure(struct verify *c);

/** Every status is one of the list. */
MUST_CHECK err verify_status(struct verify *c);

/** Logits of samples that are done are finite. */
MUST_CHECK err verify_logits(struct verify *c);

/** Slots label, predicted, topK, least and class:NAME hold the class that follows from label and
 *  logits; classes are those of the model. */
MUST_CHECK err verify_targets(struct verify *c);

/** Scores are exactly the logits of the target's class, NaN where there is none. */
MUST_CHECK err verify_scores(struct verify *c);

/** Maps are finite where there is a target, all NaN where there is none or the sample was skipped. */
MUST_CHECK err verify_maps(struct verify *c);

/** Every row of the samples that are not pending against the checksum that was written with it. */
MUST_CHECK err verify_checksums(struct verify *c);

/** SHA-256 of the model and of the data list against the file's record. */
MUST_CHECK err verify_model(struct verify *c);
MUST_CHECK err verify_data(struct verify *c);
