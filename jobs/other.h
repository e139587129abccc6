#pragma once
/* Studies of any job but attribute, as `inspect` and `verify` see them: what all files have alike. */
#include "core/err.h"

#include <stdbool.h>

struct options;

/** The job that a file was made by, into text[bytes].  Errors: as store_open_read. */
MUST_CHECK err other_job(const char *path, char *text, int bytes);

/** Print what is in a study, in one screen.  Errors: ERR_FORMAT, ERR_IO. */
MUST_CHECK err other_inspect(const char *path, bool all);

/** Check status codes, checksums and the model's; a line for each.  Reads the option `model`.
 *  Errors: ERR_IO, ERR_FORMAT. */
MUST_CHECK err other_verify(const char *path, const struct options *o, int *exit_code);
