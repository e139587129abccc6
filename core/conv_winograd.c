/** @file
 *  3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3): 36 matrix products
 *
 *    P_f [M, tiles] = U_f [M, C] V_f [C, tiles],  f = 0 .. 35
 *
 *  of transformed weights and inputs instead of one over 9 C, a quarter of the work.  Tiles of all
 *  samples stand side by side, in blocks whose size depends on the shapes alone.  The transforms
 *  write and read the panels of the products, so that nothing is copied in between.  Backward is the
 *  adjoint of the same steps, with the same transformed weights. */
#include "core/conv.h"
#include "core/winograd.h"
#include "core/winograd_tiles.h"

#include <string.h>

enum {
  MIN_CHANNELS = 16, /* below, the transforms cost more than the products save */
  BLOCK_BYTES =
      700 << 10,  /* of transformed inputs and outputs of a block: the second-level cache */
  MIN_TILES = 64, /* of a block, so that each weight serves many */
  SLOTS = WINOGRAD_PRODUCTS + 1,
  PAD = 80, /* between two f: a power of two would crowd them into the same cache sets */
};

static int ceil_div(int a, int b)
{
  return (a + b - 1) / b;
}

/** Tiles of a block, a multiple of the panels' columns. */
static int block_tiles(const struct conv *a, int tiles)
{
  const int64_t wide = a->channels > a->outputs ? a->channels : a->outputs;
  int64_t most = BLOCK_BYTES / (SLOTS * wide * (int64_t)sizeof(float));
  most = most > MIN_TILES ? most : MIN_TILES;
  const int blocks = ceil_div(tiles, most < tiles ? (int)most : tiles);
  return ceil_div(ceil_div(tiles, blocks), WINOGRAD_LANES) * WINOGRAD_LANES;
}

static int tiles_of(const struct conv *a, int batch)
{
  return batch * ceil_div(a->out[0], WINOGRAD_OUT) * ceil_div(a->out[1], WINOGRAD_OUT);
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

/** What inputs or outputs take at one f. */
static int64_t slot_of(const struct conv *a, int tiles)
{
  return (int64_t)(a->channels > a->outputs ? a->channels : a->outputs) * tiles + PAD;
}

static size_t work_bytes(const struct conv *a, int batch)
{
  const int tiles = block_tiles(a, tiles_of(a, batch));
  const int64_t floats = SLOTS * slot_of(a, tiles) + WINOGRAD_PRODUCTS * (tiles + WINOGRAD_LANES);
  return (size_t)floats * sizeof(real) + product_panels_work_bytes();
}

/** Numbers of U_f: packed, or as it is. */
static int64_t weights_step(const struct conv *a)
{
  const int64_t packed = product_packed_count(a->outputs, a->channels);
  return packed ? packed : (int64_t)a->outputs * a->channels;
}

static size_t prepared_bytes(const struct conv *a)
{
  return (size_t)(WINOGRAD_PRODUCTS * weights_step(a)) * sizeof(real);
}

static void prepare(const struct conv *a, const real *w, void *prepared)
{
  const struct product_order o = product_order_of(a->channels);
  const int64_t step = weights_step(a), n = a->channels;
  real u[WINOGRAD_PRODUCTS], *to = prepared;
  if (o.rows) memset(to, 0, prepared_bytes(a));
  for (int64_t i = 0; i < n * a->outputs; i++) {
    const int64_t at = o.rows ? product_packed_at(&o, (int)(i / n), (int)(i % n)) : i;
    winograd_weights(w + i * 9, 1, u);
    for (int f = 0; f < WINOGRAD_PRODUCTS; f++) to[f * step + at] = u[f];
  }
}

/** A block of tiles under way.  Panel j of V_f is [C][width] at v + f slot + j C width.  V_f is where
 *  P_(f+1) will be: of the two sides, only one slot is there twice. */
struct block {
  const struct conv *a;
  struct tile_grid in, out;
  int first, tiles, width; /* tiles [first, first + tiles), columns of a panel */
  int64_t slot;
  real *v, *m;    /* [36][panels][C][width], [36][panels][M][width] */
  real *d, *work; /* [36][width], [36][lanes] */
  void *products;
};

static struct tile_grid grid(const struct conv *a, int batch, const int extent[2],
                             const int begin[2])
{
  return (struct tile_grid){batch,
                            ceil_div(a->out[0], WINOGRAD_OUT),
                            ceil_div(a->out[1], WINOGRAD_OUT),
                            {extent[0], extent[1]},
                            {begin[0], begin[1]}};
}

static struct block block_of(const struct op_site *at, void *work)
{
  static const int none[2] = {0, 0};
  const struct conv *a = at->attr;
  const int tiles = block_tiles(a, tiles_of(a, at->batch));
  struct block b = {.a = a,
                    .in = grid(a, at->batch, a->in, a->window.begin),
                    .out = grid(a, at->batch, a->out, none),
                    .width = product_panel_width(tiles),
                    .slot = slot_of(a, tiles),
                    .m = work};
  b.v = b.m + b.slot;
  b.d = b.m + SLOTS * b.slot;
  b.work = b.d + (int64_t)WINOGRAD_PRODUCTS * tiles;
  b.products = b.work + (int64_t)WINOGRAD_PRODUCTS * WINOGRAD_LANES;
  return b;
}

/** Go to the next block, the first where tiles is 0; false after the last. */
static bool next(struct block *b, const struct op_site *at)
{
  const int all = tiles_of(b->a, at->batch), most = block_tiles(b->a, all);
  b->first += b->tiles;
  b->tiles = all - b->first < most ? all - b->first : most;
  return b->tiles > 0;
}

/** The tiles of panel j; n = 0 after the last. */
static struct tile_block panel(const struct block *b, int j)
{
  const int left = b->tiles - j * b->width;
  return (struct tile_block){b->first + j * b->width,
                             left < 0          ? 0
                             : left < b->width ? left
                                               : b->width,
                             b->width};
}

/** Channel c of panel j. */
static int64_t offset(const struct block *b, int j, int channels, int c)
{
  return ((int64_t)j * channels + c) * b->width;
}

/** All 36 products, V to M or, with the transposed weights, M to V: in an order in which each result
 *  falls where the operand of the one before was. */
static void products(const struct block *b, const real *u, bool backward)
{
  const int channels = b->a->channels, outputs = b->a->outputs;
  for (int i = 0; i < WINOGRAD_PRODUCTS; i++) {
    const int f = backward ? WINOGRAD_PRODUCTS - 1 - i : i;
    real *v = b->v + f * b->slot, *m = b->m + f * b->slot;
    const real *weights = u + f * weights_step(b->a);
    product_panels(
        &(struct product_panels){.m = backward ? channels : outputs,
                                 .n = b->tiles,
                                 .k = backward ? outputs : channels,
                                 .width = b->width,
                                 .a_transposed = backward,
                                 .a = weights,
                                 .a_step = channels,
                                 .packed = {product_is_blas() ? NULL : weights, channels},
                                 .b = backward ? m : v,
                                 .b_panel = (int64_t)(backward ? outputs : channels) * b->width,
                                 .c = backward ? v : m,
                                 .c_panel = (int64_t)(backward ? channels : outputs) * b->width,
                                 .work = b->products});
  }
}

static void forward_block(const struct op_fwd *c, const struct block *b)
{
  const struct conv *a = b->a;
  const int64_t in = (int64_t)c->at->batch * a->in[0] * a->in[1];
  const int64_t out = (int64_t)c->at->batch * a->out[0] * a->out[1];
  struct tile_block t;
  for (int j = 0; t = panel(b, j), t.n; j++) {
    for (int k = 0; k < a->channels; k++) {
      tiles_gather(&b->in, &t, WINOGRAD_IN, c->x[CONV_X] + k * in, b->d);
      winograd_input(b->d, t.lanes, b->work, b->v + offset(b, j, a->channels, k), b->slot);
    }
  }
  products(b, c->at->prepared, false);
  for (int j = 0; t = panel(b, j), t.n; j++) {
    for (int m = 0; m < a->outputs; m++) {
      winograd_output(b->m + offset(b, j, a->outputs, m), b->slot, t.lanes, b->work, b->d);
      tiles_scatter(&b->out, &t, b->d, conv_bias(c->at, c->x, m), c->y + m * out);
    }
  }
}

static void forward(const struct op_fwd *c)
{
  struct block b = block_of(c->at, c->work);
  while (next(&b, c->at)) forward_block(c, &b);
}

static void backward_block(const struct op_bwd *c, const struct block *b)
{
  const struct conv *a = b->a;
  const int64_t in = (int64_t)c->at->batch * a->in[0] * a->in[1];
  const int64_t out = (int64_t)c->at->batch * a->out[0] * a->out[1];
  struct tile_block t;
  for (int j = 0; t = panel(b, j), t.n; j++) {
    for (int m = 0; m < a->outputs; m++) {
      tiles_gather(&b->out, &t, WINOGRAD_OUT, c->dy + m * out, b->d);
      winograd_output_adjoint(b->d, t.lanes, b->work, b->m + offset(b, j, a->outputs, m), b->slot);
    }
  }
  products(b, c->at->prepared, true);
  for (int j = 0; t = panel(b, j), t.n; j++) {
    for (int k = 0; k < a->channels; k++) {
      winograd_input_adjoint(b->v + offset(b, j, a->channels, k), b->slot, t.lanes, b->work, b->d);
      tiles_add(&b->in, &t, b->d, c->dx[CONV_X] + k * in);
    }
  }
}

static void backward(const struct op_bwd *c)
{
  struct block b = block_of(c->at, c->work);
  while (next(&b, c->at)) backward_block(c, &b);
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
