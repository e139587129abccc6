#pragma once
/* Text on stdout that a person reads: wrapped, and free of what a terminal would obey. */

enum { PRINT_WIDTH = 100 };

/** Print text broken at blanks so that no line passes PRINT_WIDTH columns, and where it says so ('\n'),
 *  and end the line.
 *  column: where the cursor stands; indent: where further lines begin.
 *  A single word longer than the space left gets a line of its own. */
void print_wrapped(int column, int indent, const char *text);

/** Print at most `bytes` bytes (all if < 0) with control characters replaced by '?'. */
void print_clean(const char *text, int bytes);

/** Columns that print_clean(text, -1) takes: code points of UTF-8. */
int print_columns(const char *text);

/** print_clean, then blanks up to `width` columns. */
void print_cell(const char *text, int width);
