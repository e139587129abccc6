#pragma once
/* The file of an evaluation. */
#include "jobs/evaluation_schema.h"

/** Describe the file; draft_free frees it; e and v must outlive it.  unit: samples a unit.
 *  Errors: ERR_MEMORY; ERR_IO, ERR_FORMAT while the study's checksums are read. */
MUST_CHECK err evaluate_schema_make(const struct evaluation *e, struct view *v, int unit,
                                    struct draft **out);
