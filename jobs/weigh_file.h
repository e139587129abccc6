#pragma once
/* The file that `weigh` writes. */
#include "jobs/weigh_pass.h"

/** Samples that have an image and a label. */
int64_t weigh_counted(const struct weigh *w);

/** Write --out: JSON, for --combination-weights.  Errors: ERR_IO, ERR_MEMORY.  Not collective. */
MUST_CHECK err weigh_write(const struct weigh *w, const struct options *o);
