#pragma once
/* Colour maps computed in OKLab, so that equal steps of a value look equal. */
#include <stdint.h>

enum { COLORMAP_SIZE = 256 };

struct colormap {
  uint8_t rgb[COLORMAP_SIZE][3]; /* sRGB */
  double lab[COLORMAP_SIZE][3];  /* the same before rounding to 8 bits: L, a, b of OKLab */
};

/** For values from 0 up: dark blue over green to light yellow.
 *
 *    L = 0.17 + 0.78 t,  C = 0.072 + 0.09 sin(pi t^4),  h = 285 - 180 t degrees
 *
 *  in OKLCh, walked at constant speed, so that neighbours are equally far apart in OKLab.
 *  map overwritten.  Cannot fail.  Source of OKLab: Ottosson 2020, "A perceptual color space for
 *  image processing". */
void colormap_sequential(struct colormap *map);

/** For signed values, 0 in the middle: blue, near-white, red.
 *
 *    Lab = (0.97, 0, 0) + |s| ((0.45, 0.18 cos h, 0.18 sin h) - (0.97, 0, 0)),  s = -1 to 1
 *
 *  h = 260 degrees below 0 and 27 above: two straight lines, so that +v and -v are equally dark,
 *  equally colourful and equally far from the middle.  map overwritten.  Cannot fail. */
void colormap_diverging(struct colormap *map);

/** Entry of a value: 0 at t <= 0, COLORMAP_SIZE - 1 at t >= 1, the nearest one between; NaN gives 0. */
const uint8_t *colormap_at(const struct colormap *map, double t);
