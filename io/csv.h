#pragma once
/* Comma-separated values with a header line, RFC 4180. */
#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>

struct csv;

/** Read a file and its header.  A byte order mark and CR LF are taken; blank lines are skipped.
 *  Errors: as file_read; ERR_FORMAT (no header).  Not collective. */
MUST_CHECK err csv_open(const char *path, struct csv **out);
void csv_close(struct csv **c);

/** Number of the first of these header names (any case) that the file has, or -1.  names ends with
 *  NULL. */
int csv_column(const struct csv *c, const char *const *names);

/** The header as one text, "path, label", cut where it is too long for `bytes`; returns text. */
const char *csv_header(const struct csv *c, char *text, int bytes);

/** Step to the next record; *more is false at the end.
 *  Errors: ERR_FORMAT with the line (open quotes, another number of fields than the header's). */
MUST_CHECK err csv_next(struct csv *c, bool *more);

/** Field of the current record without quotes, valid until csv_close; "" for column -1. */
const char *csv_field(const struct csv *c, int column);

/** Line on which the current record starts, from 1. */
int64_t csv_line(const struct csv *c);
