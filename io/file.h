#pragma once
/* Whole files into memory. */
#include "core/err.h"
#include "io/limit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Read a regular file: *bytes [n + 1], new, ended by a 0 that *n does not count; the caller frees.
 *  Never waits for a pipe or a device; what may pass is tried again (file_again).
 *  Errors: ERR_INPUT (missing, not a regular file, not readable), ERR_UNSUPPORTED (more bytes
 *  than the limit `most`), ERR_MEMORY.  Not collective. */
MUST_CHECK err file_read(const char *path, enum limit most, uint8_t **bytes, size_t *n);

/** Whether a call on a file that failed with the errno `why` may be made again, after a short pause: a
 *  signal (EINTR), a busy server (EAGAIN), a handle that a network file system no longer knows
 *  (ESTALE: open again).  *tries: 0 at first; says no after a few, about a second in all.  Any other
 *  failure is final. */
bool file_again(int why, int *tries);

/** Open for reading, without waiting for a pipe, by as many tries; -1 and errno.  Not collective. */
int file_open(const char *path);

/** Size in bytes; -1 where it cannot be had or the path is no regular file. */
int64_t file_bytes(const char *path);

/** A folder and a path relative to it as one path, new; an absolute path stays as it is; `folder`
 *  NULL or "" is the working folder.  NULL when out of memory. */
char *file_join(const char *folder, const char *path);

/** The folder part of a path, new: "a/b" of "a/b/c.csv", "." of "c.csv".  NULL when out of memory. */
char *file_folder(const char *path);
