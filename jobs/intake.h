#pragma once
/* The samples of a unit: their pixels, decoded while the unit before is computed, and what /samples says
 * of them afterwards.  Of every job with units of samples of a data set. */
#include "core/tape.h"
#include "io/store.h"
#include "jobs/setup.h"
#include "pipeline/study.h"

struct intake;

/** Buffers and the decoding thread.  s must outlive it.  Errors: ERR_MEMORY.  Not collective. */
MUST_CHECK err intake_make(const struct setup *s, struct intake **out);
void intake_free(struct intake **in);

/** Find the variables of /samples that are written.  Errors: ERR_FORMAT.  Not collective. */
MUST_CHECK err intake_find(struct intake *in, struct store *f);

/** Decode the first unit ahead. */
void intake_begin(struct intake *in, const struct study_unit *first);

/** The pixels of a unit; the one that most likely comes next is decoded ahead from here on.
 *  input [C][unit][H * W] overwritten.  Not collective. */
void intake_take(struct intake *in, const struct study_unit *unit, float *input);

/** What the logits say of the unit's samples; status [count] overwritten.
 *  logits [classes][unit] read only.  Neither MPI nor HDF5. */
void intake_describe(struct intake *in, const struct study_unit *unit, const float *logits,
                     uint8_t *status);

/** Classes of the targets, [n_targets][unit], -1 where there is none: seeds of the backward passes; and the
 *  same by sample, [unit][n_targets].  Valid until the next intake_describe. */
const int *intake_classes(const struct intake *in);
const int32_t *intake_targets(const struct intake *in);

/** Height and width of the images in their files, [unit][2], 0 where unknown. */
const int32_t *intake_sizes(const struct intake *in);

/** What the classes of the targets would be with other logits: classes [n_targets][unit] overwritten. */
void intake_retarget(const struct intake *in, const struct study_unit *unit, const float *logits,
                     int *classes);

/** Whether sample b of the unit has pixels. */
bool intake_good(const struct intake *in, int b);

/** Write the rows of the unit from `row` on.  Errors: ERR_IO. */
MUST_CHECK err intake_write(struct intake *in, struct store *f, int64_t row, int64_t n);

/** What the run log says of this rank: passes that the tape made, and reasons of bad samples.  New, the caller
 *  frees. */
char *intake_account(struct intake *in, const struct tape *t);
