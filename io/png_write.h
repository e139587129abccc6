#pragma once
/* Pictures to PNG files.  The one owner of png.h for writing. */
#include "core/err.h"
#include "io/canvas.h"

/** Write a canvas as an 8-bit RGB PNG.
 *
 *  It is written as `path`.tmp, synced and renamed, so that `path` is whole or as it was; it is
 *  replaced where it exists.  The same canvas gives the same bytes.
 *  Errors: ERR_IO (nothing stays behind), ERR_MEMORY.  Not collective. */
MUST_CHECK err png_write_canvas(const char *path, const struct canvas *c);
