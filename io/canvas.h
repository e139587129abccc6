#pragma once
/* A picture to draw on: RGB, 8 bits, origin at the top left.  What falls outside is cut off. */
#include "core/err.h"

#include <stdint.h>

enum { CANVAS_MAX_SIDE = 65535 };

struct color {
  uint8_t r, g, b;
};

struct canvas {
  int width, height;
  uint8_t *rgb; /* [height, width, 3] owned */
};

/** A canvas filled with one colour.  Errors: ERR_USAGE (a side is not 1 to CANVAS_MAX_SIDE, says
 *  what to draw less of), ERR_MEMORY.  Free with canvas_free. */
MUST_CHECK err canvas_make(int width, int height, struct color background, struct canvas *out);

/** Also fine on all zeros. */
void canvas_free(struct canvas *c);

/** Fill columns [x, x + width) of rows [y, y + height). */
void canvas_fill(struct canvas *c, int x, int y, int width, int height, struct color color);

/** A border one pixel thin just inside of that rectangle. */
void canvas_frame(struct canvas *c, int x, int y, int width, int height, struct color color);

/** Copy pixels with their top left corner at (x, y).  rgb [height, width, 3] read only. */
void canvas_blit(struct canvas *c, int x, int y, int width, int height, const uint8_t *rgb);

/** Lay a colour over one pixel: 0 leaves it, 255 replaces it. */
void canvas_blend(struct canvas *c, int x, int y, struct color color, int coverage);
