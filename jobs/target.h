#pragma once
/* Targets: which class's logit a map explains.  A study has the same slots for every sample. */
#include "core/err.h"
#include "io/dataset.h"
#include "io/recipe.h"

#include <stdbool.h>

enum target_kind {
  TARGET_LABEL, /* the sample's label */
  TARGET_RANK,  /* the class with the index-th largest logit, 0: the predicted one */
  TARGET_OTHER, /* a class but the predicted one, at random: counted by seed and sample */
  TARGET_LEAST, /* the class with the smallest logit */
  TARGET_CLASS, /* class `index` for every sample */
  TARGET_GIVEN  /* the index-th target of the sample in the manifest */
};

struct target {
  char name[96]; /* the slot: label, predicted, top2, least, class:dog, given1 */
  enum target_kind kind;
  int index;
  uint64_t seed; /* of TARGET_OTHER */
};

/** Slots for a list of words: label, predicted, topK (predicted, top2, ... topK), least, other, given (as
 *  many slots as the sample with most targets in the manifest has), class:NAME, class:NUMBER.
 *  *out [*n] is new, the caller frees.  Errors: ERR_USAGE with the nearest words. */
MUST_CHECK err target_expand(const char *const *words, int n_words, const struct recipe *r,
                             const struct dataset *d, int classes, struct target **out, int *n);

/** Class of a slot for one sample, or -1 where there is none.
 *  logits[c * stride], c < classes, read only.  Ties: the smaller class first. */
int target_class(const struct target *t, const struct sample *s, const float *logits, int classes,
                 int stride);
