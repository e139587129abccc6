#pragma once
/* What evaluations of stored maps and of maps in memory share. */
#include "jobs/evaluation.h"

/** Where objects may come from.  Errors: ERR_USAGE, ERR_UNSUPPORTED. */
MUST_CHECK err evaluation_check_objects(const struct evaluation *e, const char *file,
                                        const char *masks);

/** The cells of mosaics become the objects.  Errors: those of reading. */
MUST_CHECK err evaluation_cells(struct evaluation *e);
