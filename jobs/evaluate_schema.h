#pragma once
/* The file of an evaluation. */
#include "jobs/evaluation_schema.h"

/** Describe the file; the result lives as long as e->pool.  unit: samples a unit.
 *  Errors: ERR_MEMORY; ERR_IO, ERR_FORMAT while the study's checksums are read. */
MUST_CHECK err evaluate_schema(const struct evaluation *e, struct view *v, int unit,
                               const struct store_schema **out);
