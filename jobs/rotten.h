#pragma once
/* Files that are about to be copied, or were: are they what was computed? */
#include "io/store.h"

/** Compare all rows with their checksums, where the file has any.  path: for the message.
 *  Errors: ERR_FORMAT naming the first row that differs, and how many do. */
MUST_CHECK err rotten_check(struct store *s, const char *path);
