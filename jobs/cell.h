#pragma once
/* One map as a coloured rectangle. */
#include "core/colormap.h"
#include "io/canvas.h"

#include <stdbool.h>
#include <stdint.h>

enum cell_kind { CELL_MAP, CELL_FLAT, CELL_BLANK };

/** How the values of a map become colours. */
struct cell_scale {
  enum cell_kind kind; /* flat: all values are equal; blank: none is finite */
  double range;        /* unsigned: 0 ... range, signed: -range ... range; flat: the value */
};

/** The 99.5th percentile of |v| over the finite values, linear between order statistics; the largest
 *  |v| where that is 0.
 *  map [n] read only; room [n] overwritten. */
struct cell_scale cell_scale(const float *map, int64_t n, float *room);

struct cell {
  const float *map; /* [map_height, map_width] */
  int map_height, map_width;
  bool is_signed;
  int height, width;   /* of the rectangle */
  const uint8_t *grey; /* [height, width] image to lay the colours over, or NULL */
};

/** Floats of room that cell_paint needs. */
int64_t cell_room(const struct cell *c);

/** Scale a map to a rectangle and colour it: bilinearly; where the map is larger than the rectangle,
 *  to a whole multiple of it and then averaged.  Unsigned maps take `sequential`, signed ones
 *  `diverging`; values beyond the range get the end's colour, NaN is grey.
 *  With an image, strong values cover 80 % of it, weak ones 20 %.
 *  room [cell_room] and rgb [height, width, 3] overwritten. */
void cell_paint(const struct cell *c, const struct cell_scale *scale,
                const struct colormap *sequential, const struct colormap *diverging, float *room,
                uint8_t *rgb);

/** The range as text: "0 … 3.1e-5", "± 1.2", "all 0", "constant 0.31"; "" for blank. */
const char *cell_caption(const struct cell_scale *scale, bool is_signed, char text[48]);

/** A number with two digits: "0.031", "3.1e-5", "120". */
const char *cell_number(double value, char text[24]);
