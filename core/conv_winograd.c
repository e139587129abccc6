/** @file
 *  3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3): 36 matrix products
 *
 *    P_f [M, tiles] = U_f [M, C] V_f [C, tiles],  f = 0 .. 35
 *
 *  of transformed weights and inputs instead of one over 9 C, a quarter of the work.  Tiles of all
 *  samples stand side by side, tile row by tile row, in blocks whose size depends on the shapes alone.
 *  Backward is the adjoint of the same steps, with the same transformed weights. */
#include "core/blas.h"
#include "core/conv.h"
#include "core/elementwise.h"
#include "core/simd.h"
#include "core/winograd.h"

#include <string.h>

enum {
  MIN_CHANNELS = 16,     /* below, the transforms cost more than the products save */
  BLOCK_BYTES = 8 << 20, /* of transformed inputs and outputs of a block, where tiles are enough */
  MIN_TILES = 192,       /* of a block, so that products stay efficient */
};

/** Tiles of one convolution. */
struct tiling {
  int across, down; /* tiles of a plane */
  int rows;         /* tile rows of the unit: batch * down */
  int block_rows;   /* tile rows of a block */
  int tiles;        /* of a block: block_rows * across */
};

static int ceil_div(int a, int b)
{
  return (a + b - 1) / b;
}

static struct tiling tiling_of(const struct conv *a, int batch)
{
  struct tiling t = {.across = ceil_div(a->out[1], WINOGRAD_OUT),
                     .down = ceil_div(a->out[0], WINOGRAD_OUT)};
  t.rows = batch * t.down;
  const int64_t tile_bytes =
      WINOGRAD_PRODUCTS * (int64_t)(a->channels + a->outputs) * (int64_t)sizeof(float);
  int64_t tiles = BLOCK_BYTES / tile_bytes;
  tiles = tiles > MIN_TILES ? tiles : MIN_TILES;
  const int most = (int)((tiles + t.across - 1) / t.across);
  const int blocks = ceil_div(t.rows, most < t.rows ? most : t.rows);
  t.block_rows = ceil_div(t.rows, blocks);
  t.tiles = t.block_rows * t.across;
  return t;
}

static bool fits(const struct conv *a)
{
  const struct window *w = &a->window;
  for (int i = 0; i < 2; i++) {
    if (w->kernel[i] != 3 || w->stride[i] != 1 || w->dilation[i] != 1 || w->begin[i] > 2 ||
        a->out[i] < WINOGRAD_OUT)
      return false;
  }
  return a->groups == 1 && a->channels >= MIN_CHANNELS && a->outputs >= MIN_CHANNELS;
}

/** Transformed inputs and outputs of a block, tiles of one channel, and a padded row. */
static int64_t scratch(const struct conv *a, const struct tiling *t)
{
  return (int64_t)WINOGRAD_PRODUCTS * t->tiles * (a->channels + a->outputs + 2) +
         WINOGRAD_OUT * (int64_t)t->across + 2;
}

static size_t work_bytes(const struct conv *a, int batch)
{
  const struct tiling t = tiling_of(a, batch);
  return (size_t)scratch(a, &t) * sizeof(real);
}

static size_t prepared_bytes(const struct conv *a)
{
  return (size_t)a->channels * (size_t)a->outputs * WINOGRAD_PRODUCTS * sizeof(real);
}

static void prepare(const struct conv *a, const real *w, void *prepared)
{
  winograd_weights(w, (int64_t)a->channels * a->outputs, prepared);
}

/** A block of tile rows under way. */
struct block {
  const struct conv *a;
  struct tiling t;
  int batch, first, rows, tiles; /* tile rows [first, first + rows), tiles of them */
  real *v, *m;                   /* [36][C][tiles], [36][M][tiles] */
  real *d, *work, *line;         /* [36][tiles] twice; a padded row */
};

static struct block block_at(const struct op_site *at, void *work, int first)
{
  struct block b = {.a = at->attr, .batch = at->batch, .first = first};
  b.t = tiling_of(b.a, at->batch);
  b.rows = b.t.rows - first < b.t.block_rows ? b.t.rows - first : b.t.block_rows;
  b.tiles = b.rows * b.t.across;
  b.v = work;
  b.m = b.v + (int64_t)WINOGRAD_PRODUCTS * b.a->channels * b.tiles;
  b.d = b.m + (int64_t)WINOGRAD_PRODUCTS * b.a->outputs * b.tiles;
  b.work = b.d + (int64_t)WINOGRAD_PRODUCTS * b.tiles;
  b.line = b.work + (int64_t)WINOGRAD_PRODUCTS * b.tiles;
  return b;
}

/** Where row `h` of the plane of channel `c`, sample `s` begins. */
static int64_t row_offset(const struct block *b, int c, int s, int h, const int extent[2])
{
  return (((int64_t)c * b->batch + s) * extent[0] + h) * extent[1];
}

/** Spread a padded line over tiles: d[k][t] = line[4 t + k], k < 6. */
SIMD static void line_to_tiles(const real *restrict line, int across, int64_t step,
                               real *restrict d)
{
  for (int k = 0; k < WINOGRAD_IN; k++)
    for (int t = 0; t < across; t++) d[k * step + t] = line[WINOGRAD_OUT * t + k];
}

/** Gather the 6x6 tiles of one input channel: d [6][6][tiles]. */
static void gather_input(const struct block *b, const real *x, int c)
{
  const struct conv *a = b->a;
  const int width = WINOGRAD_OUT * b->t.across + 2, left = a->window.begin[1];
  const int columns = a->in[1] < width - left ? a->in[1] : width - left;
  memset(b->line, 0, (size_t)width * sizeof *b->line);
  for (int r = 0; r < b->rows; r++) {
    const int s = (b->first + r) / b->t.down, ty = (b->first + r) % b->t.down;
    for (int i = 0; i < WINOGRAD_IN; i++) {
      const int h = WINOGRAD_OUT * ty + i - a->window.begin[0];
      real *to = b->d + (int64_t)i * WINOGRAD_IN * b->tiles + (int64_t)r * b->t.across;
      if (h < 0 || h >= a->in[0]) {
        for (int k = 0; k < WINOGRAD_IN; k++)
          memset(to + (int64_t)k * b->tiles, 0, (size_t)b->t.across * sizeof *to);
        continue;
      }
      memcpy(b->line + left, x + row_offset(b, c, s, h, a->in), (size_t)columns * sizeof *x);
      line_to_tiles(b->line, b->t.across, b->tiles, to);
    }
  }
}

/** Write the 4x4 tiles y [4][4][tiles] of one output channel, plus its bias. */
SIMD static void scatter_output(const struct block *b, const real *tiles, int m, real bias, real *y)
{
  const struct conv *a = b->a;
  for (int r = 0; r < b->rows; r++) {
    const int s = (b->first + r) / b->t.down, ty = (b->first + r) % b->t.down;
    for (int i = 0; i < WINOGRAD_OUT && WINOGRAD_OUT * ty + i < a->out[0]; i++) {
      const real *from = tiles + (int64_t)i * WINOGRAD_OUT * b->tiles + (int64_t)r * b->t.across;
      for (int k = 0; k < WINOGRAD_OUT; k++) {
        for (int t = 0; t < b->t.across; t++)
          b->line[WINOGRAD_OUT * t + k] = from[(int64_t)k * b->tiles + t] + bias;
      }
      memcpy(y + row_offset(b, m, s, WINOGRAD_OUT * ty + i, a->out), b->line,
             (size_t)a->out[1] * sizeof *y);
    }
  }
}

/** Gather the 4x4 tiles of one output channel's adjoint: d [4][4][tiles], zeros beyond the plane. */
SIMD static void gather_output(const struct block *b, const real *dy, int m)
{
  const struct conv *a = b->a;
  memset(b->line, 0, (size_t)(WINOGRAD_OUT * b->t.across) * sizeof *b->line);
  for (int r = 0; r < b->rows; r++) {
    const int s = (b->first + r) / b->t.down, ty = (b->first + r) % b->t.down;
    for (int i = 0; i < WINOGRAD_OUT; i++) {
      const int h = WINOGRAD_OUT * ty + i;
      real *to = b->d + (int64_t)i * WINOGRAD_OUT * b->tiles + (int64_t)r * b->t.across;
      if (h < a->out[0])
        memcpy(b->line, dy + row_offset(b, m, s, h, a->out), (size_t)a->out[1] * sizeof *dy);
      for (int k = 0; k < WINOGRAD_OUT; k++) {
        for (int t = 0; t < b->t.across; t++)
          to[(int64_t)k * b->tiles + t] = h < a->out[0] ? b->line[WINOGRAD_OUT * t + k] : REAL(0.0);
      }
    }
  }
}

/** The adjoint of line_to_tiles: neighbours overlap by two places and are added up. */
SIMD static void tiles_to_line(const real *restrict d, int across, int64_t step,
                               real *restrict line)
{
  line[(int64_t)WINOGRAD_OUT * across] = line[(int64_t)WINOGRAD_OUT * across + 1] = REAL(0.0);
  for (int k = 0; k < WINOGRAD_OUT; k++)
    for (int t = 0; t < across; t++) line[WINOGRAD_OUT * t + k] = d[k * step + t];
  for (int k = WINOGRAD_OUT; k < WINOGRAD_IN; k++)
    for (int t = 0; t < across; t++) line[WINOGRAD_OUT * t + k] += d[k * step + t];
}

/** Add the overlapping 6x6 tiles d of one input channel to its adjoint. */
static void scatter_input(const struct block *b, int c, real *dx)
{
  const struct conv *a = b->a;
  const int width = WINOGRAD_OUT * b->t.across + 2, left = a->window.begin[1];
  const int columns = a->in[1] < width - left ? a->in[1] : width - left;
  for (int r = 0; r < b->rows; r++) {
    const int s = (b->first + r) / b->t.down, ty = (b->first + r) % b->t.down;
    for (int i = 0; i < WINOGRAD_IN; i++) {
      const int h = WINOGRAD_OUT * ty + i - a->window.begin[0];
      if (h < 0 || h >= a->in[0]) continue;
      tiles_to_line(b->d + (int64_t)i * WINOGRAD_IN * b->tiles + (int64_t)r * b->t.across,
                    b->t.across, b->tiles, b->line);
      elementwise_scale(b->line + left, REAL(1.0), columns, false,
                        dx + row_offset(b, c, s, h, a->in));
    }
  }
}

static void forward_block(const struct op_fwd *c, const struct block *b)
{
  const int channels = b->a->channels, outputs = b->a->outputs;
  const real *u = c->at->prepared;
  for (int k = 0; k < channels; k++) {
    gather_input(b, c->x[CONV_X], k);
    winograd_input(b->d, b->tiles, b->work, b->v + (int64_t)k * b->tiles,
                   (int64_t)channels * b->tiles);
  }
  for (int f = 0; f < WINOGRAD_PRODUCTS; f++) {
    blas_gemm(false, false, outputs, b->tiles, channels, u + (int64_t)f * outputs * channels,
              channels, b->v + (int64_t)f * channels * b->tiles, b->tiles, REAL(0.0),
              b->m + (int64_t)f * outputs * b->tiles, b->tiles);
  }
  for (int m = 0; m < outputs; m++) {
    winograd_output(b->m + (int64_t)m * b->tiles, (int64_t)outputs * b->tiles, b->tiles, b->work,
                    b->d);
    scatter_output(b, b->d, m, conv_bias(c->at, c->x, m), c->y);
  }
}

static void forward(const struct op_fwd *c)
{
  const struct tiling t = tiling_of(c->at->attr, c->at->batch);
  for (int row = 0; row < t.rows; row += t.block_rows) {
    const struct block b = block_at(c->at, c->work, row);
    forward_block(c, &b);
  }
}

static void backward_block(const struct op_bwd *c, const struct block *b)
{
  const int channels = b->a->channels, outputs = b->a->outputs;
  const real *u = c->at->prepared;
  for (int m = 0; m < outputs; m++) {
    gather_output(b, c->dy, m);
    winograd_output_adjoint(b->d, b->tiles, b->work, b->m + (int64_t)m * b->tiles,
                            (int64_t)outputs * b->tiles);
  }
  for (int f = 0; f < WINOGRAD_PRODUCTS; f++) {
    blas_gemm(true, false, channels, b->tiles, outputs, u + (int64_t)f * outputs * channels,
              channels, b->m + (int64_t)f * outputs * b->tiles, b->tiles, REAL(0.0),
              b->v + (int64_t)f * channels * b->tiles, b->tiles);
  }
  for (int k = 0; k < channels; k++) {
    winograd_input_adjoint(b->v + (int64_t)k * b->tiles, (int64_t)channels * b->tiles, b->tiles,
                           b->work, b->d);
    scatter_input(b, k, c->dx[CONV_X]);
  }
}

static void backward(const struct op_bwd *c)
{
  const struct tiling t = tiling_of(c->at->attr, c->at->batch);
  for (int row = 0; row < t.rows; row += t.block_rows) {
    const struct block b = block_at(c->at, c->work, row);
    backward_block(c, &b);
  }
}

const struct conv_kernel conv_winograd = {
    .name = "winograd",
    .fits = fits,
    .work_bytes = work_bytes,
    .prepared_bytes = prepared_bytes,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
};
