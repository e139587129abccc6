/** @file
 *  Convolution by columns of receptive fields:
 *
 *    y[M, n] = w[M, C KH KW] col[C KH KW, n],   n = batch OH OW,
 *
 *  group by group.  Forward makes a row of columns when the product wants it; backward makes blocks of
 *  channels and columns that stay in cache, and adds them to where they came from. */
#include "core/conv.h"
#include "core/im2col.h"

enum {
  BLOCK_ELEMENTS = 1 << 17, /* of the column buffer: 512 KiB of floats */
  BLOCK_ROWS = 256,         /* of it, where there are columns enough: C KH KW in a block */
  MIN_COLUMNS = 16,
  POINT_COLUMNS = 256, /* of a 1x1 kernel */
};

/** Extents of blocks: all but the last of each kind are this large. */
struct blocks {
  int area, channels;
  int64_t columns;
};

static int64_t at_least(int64_t a, int64_t b)
{
  return a > b ? a : b;
}
static int64_t at_most(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/** `n` cut into the fewest parts of at most `most`, nearly equal: how long a part is. */
static int64_t part(int64_t n, int64_t most)
{
  const int64_t parts = (n + most - 1) / most;
  return (n + parts - 1) / parts;
}

static struct blocks blocks_of(const struct conv *a, int batch)
{
  const int64_t area = (int64_t)a->window.kernel[0] * a->window.kernel[1];
  const int64_t n = conv_positions(batch, a->out), all = a->channels / a->groups;
  int64_t channels = at_least(BLOCK_ROWS / area, BLOCK_ELEMENTS / (area * n));
  channels = part(all, at_most(all, at_least(channels, 1)));
  int64_t columns = at_least(BLOCK_ELEMENTS / (channels * area), MIN_COLUMNS);
  if (area == 1) { /* dy is brought once a block */
    channels = all;
    columns = POINT_COLUMNS;
  }
  columns = part(n, at_most(n, columns));
  columns = at_most(n, (columns + MIN_COLUMNS - 1) / MIN_COLUMNS * MIN_COLUMNS);
  return (struct blocks){(int)area, (int)channels, columns};
}

static bool fits(const struct conv *a)
{
  (void)a;
  return true;
}

/** Numbers of the column buffer, after which products have theirs. */
static int64_t column_floats(const struct blocks *b)
{
  return b->area * b->columns * b->channels;
}

static size_t work_bytes(const struct conv *a, int batch)
{
  const struct blocks b = blocks_of(a, batch);
  const size_t back = (size_t)column_floats(&b) * sizeof(real) + product_work_bytes((int)b.columns);
  const size_t ahead =
      product_fill_work_bytes(conv_positions(batch, a->out), a->channels / a->groups * b.area);
  return ahead > back ? ahead : back;
}

/** The block that begins at a channel (of the whole input) and a column. */
static struct im2col_block block_at(const struct blocks *b, int channel, int end, int64_t column,
                                    int64_t n)
{
  return (struct im2col_block){channel, (int)at_most(b->channels, end - channel), column,
                               at_most(b->columns, n - column)};
}

static void fill(const void *who, int k, int first, int n, real *row)
{
  im2col_row(who, k, first, n, row);
}

static void forward(const struct op_fwd *c)
{
  const struct conv *a = c->at->attr;
  const int area = a->window.kernel[0] * a->window.kernel[1];
  const int from = a->channels / a->groups, to = a->outputs / a->groups;
  const int64_t n = conv_positions(c->at->batch, a->out);
  const int64_t channel = (int64_t)c->at->batch * a->in[0] * a->in[1];
  const real *bias = conv_biases(c->at, c->x);
  for (int g = 0; g < a->groups; g++) {
    const struct im2col m = {a, c->at->batch, c->x[CONV_X] + (int64_t)g * from * channel};
    struct product p = {.m = to,
                        .n = (int)n,
                        .k = from * area,
                        .c = c->y + (int64_t)g * to * n,
                        .c_step = n,
                        .bias = bias ? bias + (int64_t)g * to : NULL,
                        .fill = fill,
                        .who = &m,
                        .work = c->work};
    conv_give_weights(c->at, c->x[CONV_W], g, 0, &p);
    product(&p);
  }
}

/** dx of one group from the columns of a block. */
static void backward_block(const struct op_bwd *c, const struct blocks *b, int g, int64_t column)
{
  const struct conv *a = c->at->attr;
  const int from = a->channels / a->groups, to = a->outputs / a->groups;
  const int64_t n = conv_positions(c->at->batch, a->out);
  const real *dy = c->dy + (int64_t)g * to * n + column;
  for (int k = 0; k < from; k += b->channels) {
    const struct im2col_block at = block_at(b, g * from + k, (g + 1) * from, column, n);
    struct product p = {.m = at.channels * b->area,
                        .n = (int)at.columns,
                        .k = to,
                        .a_transposed = true,
                        .b = dy,
                        .b_step = n,
                        .c = c->work,
                        .c_step = at.columns,
                        .work = (real *)c->work + column_floats(b)};
    conv_give_weights(c->at, c->x[CONV_W], g, k * b->area, &p);
    product(&p);
    col2im(a, &at, c->at->batch, c->work, c->dx[CONV_X]);
  }
}

static void backward(const struct op_bwd *c)
{
  const struct conv *a = c->at->attr;
  const struct blocks b = blocks_of(a, c->at->batch);
  const int64_t n = conv_positions(c->at->batch, a->out);
  for (int g = 0; g < a->groups; g++)
    for (int64_t column = 0; column < n; column += b.columns) backward_block(c, &b, g, column);
}

const struct conv_kernel conv_columns = {
    .name = "columns",
    .fits = fits,
    .work_bytes = work_bytes,
    .prepared_bytes = conv_packed_bytes,
    .prepare = conv_pack,
    .forward = forward,
    .backward = backward,
};
