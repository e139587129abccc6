#pragma once
/* What is made of all maps together: matrices, repeatability, checks. */
#include "jobs/classmap_schema.h"

/** Write /summary from the rows of all maps; the same bytes every time.  Errors: ERR_IO, ERR_MEMORY.  One
 *  process. */
MUST_CHECK err classmap_summary_write(const struct classmap *c, struct store *s);

/** Print the checks and a line for each class to stdout, from the file.  Errors: as before. */
MUST_CHECK err classmap_summary_print(const struct classmap *c, struct store *s);

/** Cosine of a and b [n]; NaN where one is zero. */
double classmap_cosine(const real *a, const real *b, int64_t n);
