/** @file
 *  Columns of receptive fields.  A row of the matrix (one channel, one kernel position) is cut into
 *  lines: runs of columns that belong to one row of one sample's output. */
#include "core/im2col.h"

#include "core/product.h"
#include "core/simd.h"

#include <string.h>

/** One kernel position. */
struct tap {
  int offset[2];                     /* input position of output 0 along each axis */
  struct window_range rows, columns; /* outputs for which it lies inside the input */
};

/** One line: output columns [first, last) of output row oh of sample b. */
struct line {
  int b, oh, first, last;
};

static struct tap tap_of(const struct conv *a, int kh, int kw)
{
  const struct window *w = &a->window;
  return (struct tap){{kh * w->dilation[0] - w->begin[0], kw * w->dilation[1] - w->begin[1]},
                      window_outputs(w, 0, kh, a->in[0], a->out[0]),
                      window_outputs(w, 1, kw, a->in[1], a->out[1])};
}

static struct line line_at(const struct conv *a, int64_t column, int64_t end)
{
  const int64_t row = column / a->out[1];
  const int first = (int)(column % a->out[1]);
  const int64_t room = end - column;
  const int last = a->out[1] - first < room ? a->out[1] : first + (int)room;
  return (struct line){(int)(row / a->out[0]), (int)(row % a->out[0]), first, last};
}

/** The line after l, at the start of the next output row. */
static struct line line_next(const struct conv *a, struct line l, int64_t left)
{
  const bool wrap = l.oh + 1 == a->out[0];
  return (struct line){l.b + wrap, wrap ? 0 : l.oh + 1, 0,
                       a->out[1] < left ? a->out[1] : (int)left};
}

/** The part of a line for which the tap lies inside the input; empty: first = last. */
static struct window_range seen(const struct tap *t, const struct line *l)
{
  if (l->oh < t->rows.first || l->oh >= t->rows.last) return (struct window_range){0, 0};
  const int first = l->first > t->columns.first ? l->first : t->columns.first;
  const int last = l->last < t->columns.last ? l->last : t->columns.last;
  return (struct window_range){first < last ? first : last, last};
}

/** Where the tap lies for output column 0 of a line, from the start of the channel. */
static int64_t origin(const struct conv *a, const struct tap *t, const struct line *l)
{
  const int row = l->oh * a->window.stride[0] + t->offset[0];
  return ((int64_t)l->b * a->in[0] + row) * a->in[1] + t->offset[1];
}

/* Elements that are copied at once, also beyond a line's end: what is written there the next line or
 * row overwrites, and behind the last one there is room. */
enum { LANES = PRODUCT_ROOM };

/** n elements of a row; `room` elements can be read from x on. */
SIMD_PART void copy_line(const real *restrict x, int stride, int n, int64_t room,
                         real *restrict col)
{
  const int whole = (n + LANES - 1) / LANES * LANES;
  const int most = (int64_t)whole * stride <= room ? whole : n / LANES * LANES;
  int i = 0;
  if (stride == 1) {
    for (; i < most; i += LANES)
      for (int j = 0; j < LANES; j++) col[i + j] = x[i + j];
  } else if (stride == 2) {
    for (; i < most; i += LANES)
      for (int64_t j = 0; j < LANES; j++) col[i + j] = x[2 * (i + j)];
  }
  for (; i < n; i++) col[i] = x[(int64_t)i * stride];
}

/** Its transpose.  With stride 2 the elements in between get a zero, so that whole vectors are added. */
SIMD_PART void add_line(const real *restrict col, int stride, int n, real *restrict dx)
{
  int64_t i = 0;
  if (stride == 1) {
    for (; i < n; i++) dx[i] += col[i];
  } else if (stride == 2) {
    for (; i + 1 < n; i++) {
      dx[2 * i] += col[i];
      dx[2 * i + 1] += REAL(0.0);
    }
  }
  for (; i < n; i++) dx[i * stride] += col[i];
}

SIMD_PART void zero(real *col, int n)
{
  for (int i = 0; i < n; i++) col[i] = REAL(0.0);
}

/** Columns [first, first + n) of one row of the matrix; x is one channel [batch, H, W], of `size`
 *  elements. */
SIMD static void fill_row(const struct conv *a, const struct tap *t, int64_t first, int64_t n,
                          const real *x, int64_t size, real *col)
{
  const int stride = a->window.stride[1];
  struct line l = line_at(a, first, first + n);
  for (int64_t left = n; left > 0;) {
    const struct window_range in = seen(t, &l);
    const int length = l.last - l.first, before = in.first < in.last ? in.first - l.first : length;
    zero(col, before);
    if (before < length) {
      const int64_t from = origin(a, t, &l) + (int64_t)in.first * stride;
      copy_line(x + from, stride, in.last - in.first, size - from, col + before);
      zero(col + (in.last - l.first), l.last - in.last);
    }
    col += length;
    left -= length;
    l = line_next(a, l, left);
  }
}

/** Its transpose; dx is one channel [batch, H, W]. */
SIMD static void drain_row(const struct conv *a, const struct tap *t,
                           const struct im2col_block *block, const real *col, real *dx)
{
  const int stride = a->window.stride[1];
  const int64_t end = block->column + block->columns;
  struct line l = line_at(a, block->column, end);
  for (int64_t left = block->columns; left > 0;) {
    const struct window_range in = seen(t, &l);
    const int n = l.last - l.first;
    if (in.first < in.last) {
      add_line(col + (in.first - l.first), stride, in.last - in.first,
               dx + origin(a, t, &l) + (int64_t)in.first * stride);
    }
    col += n;
    left -= n;
    l = line_next(a, l, left);
  }
}

void im2col_row(const struct im2col *m, int k, int first, int n, real *row)
{
  const struct conv *a = m->conv;
  const int columns = a->window.kernel[1], area = a->window.kernel[0] * columns;
  const int64_t channel = (int64_t)m->batch * a->in[0] * a->in[1];
  const struct tap t = tap_of(a, k % area / columns, k % columns);
  fill_row(a, &t, first, n, m->x + (int64_t)(k / area) * channel, channel, row);
}

/* Kernel positions go backwards, so that what an element gets comes in the order of the columns,
 * wherever blocks of columns begin. */
void col2im(const struct conv *a, const struct im2col_block *block, int batch, const real *col,
            real *dx)
{
  const int64_t channel = (int64_t)batch * a->in[0] * a->in[1];
  const int rows = a->window.kernel[0], columns = a->window.kernel[1];
  for (int c = block->channel; c < block->channel + block->channels; c++) {
    for (int kh = rows - 1; kh >= 0; kh--) {
      for (int kw = columns - 1; kw >= 0; kw--) {
        const struct tap t = tap_of(a, kh, kw);
        drain_row(a, &t, block, col + ((int64_t)kh * columns + kw) * block->columns,
                  dx + c * channel);
      }
    }
    col += (int64_t)rows * columns * block->columns;
  }
}
