#pragma once
/* The runs of a study: one line of JSON per start, appended to `study`.runs.jsonl beside the file.
 * The lock on it keeps a second writer out of the study. */
#include "core/err.h"

#include <stdint.h>

struct runlog;

/** Open (or make) the log of a study and lock it for as long as this process lives or until
 *  runlog_close; the kernel frees the lock of a killed process.
 *  Until then this process must open the log in no other way: closing any descriptor of a file
 *  drops the locks that the process has on it.
 *  Errors: ERR_BUSY (names process and host of the run that has it), ERR_UNSUPPORTED (the file
 *  system has no locks), ERR_IO.  Not collective: rank 0 calls it. */
MUST_CHECK err runlog_open(const char *study, struct runlog **out);

/** Append one line (JSON text without a line break) by one write, and sync.  What a killed run left
 *  of an unfinished line is ended first.  Errors: ERR_IO. */
MUST_CHECK err runlog_append(struct runlog *l, const char *line);

/** Close and unlock; accepts NULL. */
void runlog_close(struct runlog **l);

/** The lines of a study's log that are whole JSON objects, oldest first; *n = 0 where there is no
 *  log.  One block, freed by one free().  Not in a process that holds the log (see runlog_open).
 *  Errors: ERR_IO, ERR_MEMORY. */
MUST_CHECK err runlog_read(const char *study, int64_t *n, char ***lines);
