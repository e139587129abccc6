#pragma once
/* One band after another of two fields, a and g, channel by channel, in lines without borders: what a
 * loop over 3x3 windows of a times g reads, and where it accumulates.
 *
 * A band is taken in tiles whose lines stay in the first-level cache: one row where rows are wide, read
 * where it lies, else several, copied into one line with a zero behind each row, which serves the next
 * one too, and a zero row above and below where the plane ends. */
#include "core/extract.h"
#include "core/simd.h"

#include <string.h>

/* Elements of which lines are whole groups, also beyond the end of a row; elements that are copied at
 * once; and channels that are handled together. */
enum { WINDOW3_LANES = 8, WINDOW3_COPIED = 16, WINDOW3_GROUP = 2 };

/** What one channel brings: the sums over columns from element -1 to n. */
struct window3_channel {
  double *sum;       /* over three rows */
  real *pos2, *neg2; /* the same of max(a, 0)^2 and min(a, 0)^2 */
  real *max, *min;   /* extremes over three rows */
  real *a_copy, *g_copy;
  const real *above, *a, *below; /* [n] three rows, or three places of the copy */
  const real *g;
};

/** Rows [row, row + rows) in lines of n elements, the one at row r, column c being r * pitch + c. */
struct window3_tile {
  int row, rows, pitch, n;
  bool copied;
  double *sum, *pos2, *neg2; /* [n] accumulators over channels */
  real *max, *min;           /* [n] */
  real *zeros;               /* a row of them */
  struct window3_channel of[WINDOW3_GROUP];
};

/** Rows of a tile. */
int window3_tile_rows(int width);

/** Bytes of scratch. */
size_t window3_tile_bytes(int width);

/** Lay out the rows [row, row + rows) in c->work, with nothing accumulated yet. */
void window3_tile_begin(const struct extract_call *c, int row, int rows, struct window3_tile *t);

/** line[r * pitch + c] = from[r * width + c], zero at c = width; `from` may be read up to `end`.
 *  What is written behind a row the next one overwrites, and nothing is behind the plane's last. */
SIMD_PART void copy_rows(const real *restrict from, const real *end, int rows, int width,
                         real *restrict line)
{
  for (int r = 0; r < rows; r++, from += width, line += width + 1) {
    if (end - from < width + WINDOW3_COPIED) {
      memcpy(line, from, (size_t)width * sizeof *line);
    } else {
      for (int c = 0; c < width; c += WINDOW3_COPIED)
        memcpy(line + c, from + c, WINDOW3_COPIED * sizeof *line);
    }
    line[width] = REAL(0.0);
  }
}

/** A row that n elements can be read of: where it is, or its `width` elements in a copy. */
SIMD_PART const real *row_at(const real *from, const real *end, int width, int n, real *copy)
{
  if (end - from >= n) return from;
  memcpy(copy, from, (size_t)width * sizeof *copy);
  return copy;
}

/** Point `to` at channel k of both fields. */
SIMD_PART void window3_tile_read(const struct extract_call *c, const struct window3_tile *t, int k,
                                 struct window3_channel *to)
{
  const int width = c->at.width;
  const int64_t first = (int64_t)t->row * width, plane = (int64_t)c->at.height * width;
  const real *a = c->at.a + k * c->at.stride, *g = c->at.g + k * c->at.stride;
  const bool above = t->row > 0, below = t->row + t->rows < c->at.height;
  if (t->copied) {
    copy_rows(a + first - (above ? width : 0), a + plane, t->rows + above + below, width,
              to->a_copy + (above ? 0 : t->pitch));
    copy_rows(g + first, g + plane, t->rows, width, to->g_copy);
    to->above = to->a_copy;
    to->a = to->a_copy + t->pitch;
    to->below = to->a_copy + 2 * (ptrdiff_t)t->pitch;
    to->g = to->g_copy;
  } else {
    const real *row = a + first, *end = a + plane;
    to->above = above ? row - width : t->zeros;
    to->a = row_at(row, end, width, t->n, to->a_copy);
    to->below = below ? row_at(row + width, end, width, t->n, to->a_copy) : t->zeros;
    to->g = row_at(g + first, g + plane, width, t->n, to->g_copy);
  }
}

/** Ask for n elements, line of the cache by line. */
SIMD_PART void fetch_run(const real *v, int64_t n)
{
  for (int64_t i = 0; i < n; i += (int64_t)(64 / sizeof *v)) __builtin_prefetch(v + i);
}

/** Ask for a channel that comes later. */
SIMD_PART void window3_tile_fetch(const struct extract_call *c, const struct window3_tile *t, int k)
{
  if (k >= c->at.channels) return;
  const int64_t width = c->at.width, above = t->row > 0, below = t->row + t->rows < c->at.height;
  const int64_t first = k * c->at.stride + t->row * width;
  fetch_run(c->at.a + first - above * width, (t->rows + above + below) * width);
  fetch_run(c->at.g + first, t->rows * width);
}

SIMD_PART bool any_below_zero(const real *v, int n)
{
  int any = 0;
  for (int i = 0; i < n; i++) any |= !(v[i] >= REAL(0.0)); /* or NaN */
  return any != 0;
}

/** Whether any of the three rows has a negative entry, or NaN. */
SIMD_PART bool window3_tile_is_signed(const struct window3_tile *t, const struct window3_channel *k)
{
  if (t->copied) return any_below_zero(k->a_copy, (t->rows + 2) * t->pitch);
  return any_below_zero(k->above, t->pitch) || any_below_zero(k->a, t->pitch) ||
         any_below_zero(k->below, t->pitch);
}
