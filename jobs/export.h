#pragma once
/* What the two ways of the job `export` share. */
#include "jobs/view.h"

#include <stdbool.h>

struct export
{
  struct view *view;
  int64_t n;             /* samples that go out */
  const int64_t *sample; /* [n] */
};

/** What goes into the arrays. */
struct export_arrays {
  int layer, target;
  const bool *methods; /* [n_methods] chosen */
  int height, width;   /* to scale the maps to; 0: as they are */
};

/** Write the chosen samples' maps at one layer as arrays for numpy, one per method, with labels,
 *  target classes, logits, paths and statuses.
 *  Errors: ERR_USAGE (`path` exists; no chosen method lives at that layer), ERR_IO, ERR_MEMORY. */
MUST_CHECK err export_npz(const struct export *x, const struct export_arrays *a, const char *path);

/** Write one line per sample and target.  target: one slot, or -1 for all.
 *  Errors: ERR_USAGE (`path` exists), ERR_IO, ERR_MEMORY. */
MUST_CHECK err export_csv(const struct export *x, int target, const char *path);
