#pragma once
/* Sums and extremes over 3x3 windows of a plane, zero-padded by one: what the 3x3 extracts need. */

enum window3_kind { WINDOW3_SUM, WINDOW3_MAX, WINDOW3_MIN };

/** out[r, c] = sum, max or min of in[r-1..r+1, c-1..c+1], zeros outside the plane.
 *
 *  in   [height, width] read only
 *  tmp  [height, width] scratch
 *  out  [height, width] overwritten */
void window3(enum window3_kind kind, const double *in, int height, int width, double *tmp,
             double *out);
