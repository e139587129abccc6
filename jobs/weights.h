#pragma once
/* Checksums of a model's external data.  `files`: names below the model's folder, a line each. */
#include "core/err.h"

/** SHA-256 and name of each file as `sha256sum` prints them, a line each: *text is new.
 *  Errors: ERR_INPUT, ERR_MEMORY. */
MUST_CHECK err weights_sums(const char *model, const char *files, char **text);

/** Where the name begins in such a line. */
enum { WEIGHTS_NAME_AT = 66 };

/** SHA-256 of names and sizes alone: hex [65].  Errors: ERR_IO, ERR_MEMORY. */
MUST_CHECK err weights_sizes(const char *model, const char *files, char *hex);

/** Path of a file of that name: new.  Errors: ERR_MEMORY. */
MUST_CHECK err weights_path(const char *model, const char *name, char **path);
