#pragma once
/* Receptive fields as columns, and back. */
#include "core/conv.h"

enum { IM2COL_ROOM = 16 }; /* elements behind a column buffer that im2col may overwrite */

/** A block of the matrix of columns: channels by positions of the output over the whole unit. */
struct im2col_block {
  int channel, channels;   /* first channel, how many */
  int64_t column, columns; /* first column, how many; column (b OH + oh) OW + ow */
};

/** Copy receptive fields into columns, zeros where they reach into the padding.
 *
 *    col[c, kh, kw, j] = x[c, b, oh sh - top + kh dh, ow sw - left + kw dw],  j = (b, oh, ow)
 *
 *  x    [channels, batch, H, W]  read only, from channel 0
 *  col  [channels of the block, KH, KW, columns of the block]  overwritten, with IM2COL_ROOM behind it
 *  Source: Chellapilla, Puri and Simard 2006, section 3. */
void im2col(const struct conv *a, const struct im2col_block *block, int batch, const real *x,
            real *col);

/** Its transpose: add every column to where it came from.  col read only; dx accumulated. */
void col2im(const struct conv *a, const struct im2col_block *block, int batch, const real *col,
            real *dx);
