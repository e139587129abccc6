#pragma once
/* Text on a canvas, in the font that is inside the program.  io/text.c owns FreeType. */
#include "core/err.h"
#include "io/canvas.h"

#include <stddef.h>

struct text;

/** Make the font ready.  Errors: ERR_MEMORY, ERR_FORMAT.  Close with text_close. */
MUST_CHECK err text_open(struct text **out);

/** Also fine on NULL. */
void text_close(struct text **t);

/** Columns that a line takes at `size` pixels per em, rounded up.  UTF-8; bytes that are not UTF-8
 *  and control characters become U+FFFD.  0 for "". */
int text_width(struct text *t, int size, const char *line);

/** Rows above the baseline that a line of any text takes. */
int text_ascent(struct text *t, int size);

/** Draw a line that begins at column x, on the baseline y. */
void text_draw(struct text *t, struct canvas *c, int size, int x, int y, struct color color,
               const char *line);

/** Copy a line, shortened in the middle with an ellipsis until it takes at most `width` columns
 *  and `bytes` bytes.  At least the ellipsis stays.  Returns out. */
char *text_shorten(struct text *t, int size, int width, const char *line, char *out, size_t bytes);
