#pragma once
/* Receptive fields as columns, and back. */
#include "core/conv.h"

/** Receptive fields as a matrix, which is never there as a whole:
 *
 *    col[(c, kh, kw), j] = x[c, b, oh sh - top + kh dh, ow sw - left + kw dw],  j = (b, oh, ow)
 *
 *  and 0 where they reach into the padding.
 *  Source: Chellapilla, Puri and Simard 2006, section 3. */
struct im2col {
  const struct conv *conv;
  int batch;
  const real *x; /* [channels, batch, H, W] from the first channel of the group, read only */
};

/** Columns [first, first + n) of row k: row [n] overwritten, with PRODUCT_ROOM elements behind it. */
void im2col_row(const struct im2col *m, int k, int first, int n, real *row);

/** A block of the matrix: channels by positions of the output over the whole unit. */
struct im2col_block {
  int channel, channels;   /* first channel, how many */
  int64_t column, columns; /* first column, how many; column (b OH + oh) OW + ow */
};

/** The transpose: add every column to where it came from.
 *  col [channels of the block, KH, KW, columns of the block] read only;  dx [channels, batch, H, W]
 *  from channel 0, accumulated */
void col2im(const struct conv *a, const struct im2col_block *block, int batch, const real *col,
            real *dx);
