#pragma once
/* Losses of a class, by their derivative with respect to the logits: what is seeded there.  All are to be
 * made small. */
#include "core/real.h"

struct class_loss {
  const char *name;
  const char *formula;
  /** logits [classes] read only; seed [classes] overwritten with d(loss)/d(logits).  Returns the loss. */
  double (*take)(const real *logits, int classes, int target, real *seed);
};

/** All losses, ended by NULL: logit, cross_entropy, margin. */
extern const struct class_loss *const class_loss_all[];

/** The loss of that name, or NULL. */
const struct class_loss *class_loss_find(const char *name);

/** The class with the largest logit, the first of equal ones; `but` is left out (-1: none). */
int class_largest(const real *logits, int classes, int but);
