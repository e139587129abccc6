#pragma once
/* The rows of a unit in /values: computed by one rank, for stored maps and for maps in memory alike. */
#include "io/store.h"
#include "jobs/evaluation.h"

struct evaluation_rows;

/** Buffers for units of `unit` samples; e must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err evaluation_rows_make(const struct evaluation *e, int unit,
                                    struct evaluation_rows **out);
void evaluation_rows_free(struct evaluation_rows **r);

/** Ask a model for the metrics that want it (evaluator_ask). */
struct perturb;
void evaluation_rows_ask(struct evaluation_rows *r, struct perturb *p);

/** The variables that are written.  Errors: ERR_FORMAT.  Not collective. */
MUST_CHECK err evaluation_rows_find(struct evaluation_rows *r, struct store *f);

/** Row b has no values. */
void evaluation_rows_blank(struct evaluation_rows *r, int b);

/** Row b is about sample i of the study, whose image has that size (0: unknown) and whose slots have these
 *  classes, [n_targets].  Errors: those of evaluator_begin. */
MUST_CHECK err evaluation_rows_begin(struct evaluation_rows *r, int b, int64_t i,
                                     const int32_t size[2], const int32_t *target);

/** Its maps at a layer, [n_targets][n_methods][height][width].  Neither MPI nor HDF5. */
void evaluation_rows_layer(struct evaluation_rows *r, int b, int layer, const float *maps);

/** The unit's maps were all given.  Neither MPI nor HDF5. */
void evaluation_rows_end(struct evaluation_rows *r);

/** Write n rows from `row` of the file on.  Errors: ERR_IO. */
MUST_CHECK err evaluation_rows_write(const struct evaluation_rows *r, struct store *f, int64_t row,
                                     int64_t n);
