#pragma once
/* Sums and extremes over 3x3 windows of a plane, zero-padded by one: what the 3x3 extracts need. */

enum window3_kind { WINDOW3_SUM, WINDOW3_MAX, WINDOW3_MIN, N_WINDOW3_KINDS };

/** out[r - row, c] = sum, max or min of in[r-1..r+1, c-1..c+1], zeros outside the plane, for the rows
 *  [row, row + rows).
 *
 *  in   [height, width] read only, in the rows [row - 1, row + rows]
 *  tmp  [rows, width] scratch
 *  out  [rows, width] overwritten */
void window3(enum window3_kind kind, const double *in, int height, int width, int row, int rows,
             double *tmp, double *out);
