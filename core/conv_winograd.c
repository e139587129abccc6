/** @file
 *  3x3 convolutions by Winograd's algorithms, F(4x4, 3x3) for stride 1, F(2x2, 3x3) for stride 2: 36 or
 *  25 matrix products
 *
 *    P_f [M, tiles] = U_f [M, C] V_f [C, tiles]
 *
 *  of transformed weights and inputs instead of one over 9 C, 1/4 or 25/36 of the work.  Tiles of all
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
  PAD = 80,       /* between two f: a power of two would crowd them into the same cache sets */
};

static const struct winograd_form *form_of(const struct conv *a)
{
  return a->window.stride[0] == 1 ? &winograd_4x4 : &winograd_2x2_strided;
}

static int products_of(const struct conv *a)
{
  return form_of(a)->in * form_of(a)->in;
}

static int ceil_div(int a, int b)
{
  return (a + b - 1) / b;
}

/** Tiles of a block, a multiple of the panels' columns. */
static int block_tiles(const struct conv *a, int tiles)
{
  const int64_t wide = a->channels > a->outputs ? a->channels : a->outputs;
  int64_t most = BLOCK_BYTES / ((products_of(a) + 1) * wide * (int64_t)sizeof(float));
  most = most > MIN_TILES ? most : MIN_TILES;
  const int blocks = ceil_div(tiles, most < tiles ? (int)most : tiles);
  return ceil_div(ceil_div(tiles, blocks), WINOGRAD_LANES) * WINOGRAD_LANES;
}

static int tiles_of(const struct conv *a, int batch)
{
  const int out = form_of(a)->out;
  return batch * ceil_div(a->out[0], out) * ceil_div(a->out[1], out);
}

static bool fits(const struct conv *a)
{
  const struct window *w = &a->window;
  if (w->stride[0] > 2 || w->stride[1] != w->stride[0]) return false;
  for (int i = 0; i < 2; i++) {
    if (w->kernel[i] != 3 || w->dilation[i] != 1 || w->begin[i] > 2 || a->out[i] < form_of(a)->out)
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
  const int64_t floats =
      (products_of(a) + 1) * slot_of(a, tiles) + (int64_t)WINOGRAD_MOST * WINOGRAD_LANES;
  return (size_t)floats * sizeof(real) + product_panels_work_bytes();
}

/** Numbers of U of one kind: packed, or as it is. */
static int64_t weights_step(const struct conv *a)
{
  const int64_t packed = product_packed_count(a->outputs, a->channels);
  return packed ? packed : (int64_t)a->outputs * a->channels;
}

static size_t prepared_bytes(const struct conv *a)
{
  const int kinds = form_of(a)->kinds;
  return (size_t)((int64_t)kinds * kinds * weights_step(a)) * sizeof(real);
}

static void prepare(const struct conv *a, const real *w, void *prepared)
{
  const struct winograd_form *form = form_of(a);
  const struct product_order o = product_order_of(a->channels);
  const int64_t step = weights_step(a), n = a->channels;
  real u[WINOGRAD_MOST], *to = prepared;
  if (o.rows) memset(to, 0, prepared_bytes(a));
  for (int64_t i = 0; i < n * a->outputs; i++) {
    const int64_t at = o.rows ? product_packed_at(&o, (int)(i / n), (int)(i % n)) : i;
    winograd_weights(form, w + i * 9, u);
    for (int f = 0; f < form->kinds * form->kinds; f++) to[f * step + at] = u[f];
  }
}

/** A block of tiles under way.  Panel j of V_f is [C][width] at v + f slot + j C width.  V_f is where
 *  P_(f+1) will be: of the two sides, only one slot is there twice. */
struct block {
  const struct conv *a;
  const struct winograd_form *form;
  struct tile_grid in, out;
  int first, tiles, width; /* tiles [first, first + tiles), columns of a panel */
  int64_t slot;
  real *v, *m; /* [f][panels][C][width], [f][panels][M][width] */
  real *d;     /* [places of a tile][lanes] */
  void *products;
};

static struct block block_of(const struct op_site *at, void *work)
{
  const struct conv *a = at->attr;
  const struct winograd_form *form = form_of(a);
  const int tiles = block_tiles(a, tiles_of(a, at->batch));
  const struct tile_grid out = {.batch = at->batch,
                                .down = ceil_div(a->out[0], form->out),
                                .across = ceil_div(a->out[1], form->out),
                                .extent = {a->out[0], a->out[1]},
                                .step = form->out,
                                .size = form->out};
  struct block b = {.a = a,
                    .form = form,
                    .in = out,
                    .out = out,
                    .width = product_panel_width(tiles),
                    .slot = slot_of(a, tiles),
                    .m = work};
  for (int i = 0; i < 2; i++) {
    b.in.extent[i] = a->in[i];
    b.in.begin[i] = a->window.begin[i];
  }
  b.in.step = form->out * form->stride;
  b.in.size = form->in;
  b.v = b.m + b.slot;
  b.d = b.m + (products_of(a) + 1) * b.slot;
  b.products = b.d + (int64_t)WINOGRAD_MOST * WINOGRAD_LANES;
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

/** Tiles [at, at + WINOGRAD_LANES) of the block on a grid; false where there are none. */
static bool map(const struct block *b, const struct tile_grid *g, int at, struct tile_map *m)
{
  const int left = b->tiles - at;
  if (left > 0) tiles_map(g, b->first + at, left < WINOGRAD_LANES ? left : WINOGRAD_LANES, m);
  return left > 0;
}

/** Where channel c of the panels begins with tile `at` of the block. */
static int64_t offset(const struct block *b, int at, int channels, int c)
{
  return ((int64_t)(at / b->width) * channels + c) * b->width + at % b->width;
}

/** All products, V to M or, with the transposed weights, M to V: in an order in which each result falls
 *  where the operand of the one before was. */
static void products(const struct block *b, const real *u, bool backward)
{
  const int channels = b->a->channels, outputs = b->a->outputs, in = b->form->in;
  for (int i = 0; i < in * in; i++) {
    const int f = backward ? in * in - 1 - i : i;
    const int kind = b->form->kind[f / in] * b->form->kinds + b->form->kind[f % in];
    real *v = b->v + f * b->slot, *m = b->m + f * b->slot;
    const real *weights = u + kind * weights_step(b->a);
    product_panels(
        &(struct product_panels){.m = backward ? channels : outputs,
                                 .n = b->tiles,
                                 .k = backward ? outputs : channels,
                                 .width = b->width,
                                 .a_transposed = backward,
                                 .a = weights,
                                 .a_step = channels,
                                 .packed = {product_is_blas() ? NULL : weights, channels, 0},
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
  struct tile_map t;
  for (int i = 0; map(b, &b->in, i, &t); i += WINOGRAD_LANES) {
    for (int k = 0; k < a->channels; k++) {
      tiles_gather(&t, c->x[CONV_X] + k * in, b->d);
      b->form->input(b->d, b->v + offset(b, i, a->channels, k), b->slot);
    }
  }
  products(b, c->at->prepared, false);
  for (int i = 0; map(b, &b->out, i, &t); i += WINOGRAD_LANES) {
    for (int m = 0; m < a->outputs; m++) {
      b->form->output(b->m + offset(b, i, a->outputs, m), b->slot, b->d);
      tiles_scatter(&t, b->d, conv_bias(c->at, c->x, m), c->y + m * out);
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
  struct tile_map t;
  for (int i = 0; map(b, &b->out, i, &t); i += WINOGRAD_LANES) {
    for (int m = 0; m < a->outputs; m++) {
      tiles_gather(&t, c->dy + m * out, b->d);
      b->form->output_adjoint(b->d, b->m + offset(b, i, a->outputs, m), b->slot);
    }
  }
  products(b, c->at->prepared, true);
  for (int i = 0; map(b, &b->in, i, &t); i += WINOGRAD_LANES) {
    for (int k = 0; k < a->channels; k++) {
      b->form->input_adjoint(b->v + offset(b, i, a->channels, k), b->slot, b->d);
      tiles_add(&t, b->d, c->dx[CONV_X] + k * in);
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
