/** @file
 *  The program's own products: all rows of c at one depth of k, tile by tile. */
#include "core/product_impl.h"

#ifndef RETROGRAD_DOUBLE
#include <assert.h>
#include <string.h>

enum { LINE = 16 }; /* floats of a line of the cache */
static_assert(PRODUCT_TILE_FLOATS >= PRODUCT_MAX_ROWS * PRODUCT_DEPTH_STEP,
              "a tile fits both ways");

static int smaller(int a, int b)
{
  return a < b ? a : b;
}

/** Tiles of rows that are packed together. */
struct group {
  int first, rows; /* of a; all but the last tile are as high as the first */
  int height;
};

static int group_tiles(const struct group *g)
{
  return (g->rows + g->height - 1) / g->height;
}

/** Rows of a transposed a at k in [from, from + depth): whole vectors as long as they end inside of
 *  a, which has k in all, then no more than the rows. */
static void pack_transposed(const struct product_run *r, const struct group *g, int from, int depth,
                            int k)
{
  const int tiles = group_tiles(g), last = g->first + (tiles - 1) * g->height;
  const int64_t room = (k - 1) * r->a_step + r->m - last - PRODUCT_ROW_STEP;
  const int64_t whole = room < 0 ? 0 : room / r->a_step + 1;
  const int vectors = (int)(whole < from ? 0 : whole - from < depth ? whole - from : depth);
  struct product_copy c = {.rows = vectors,
                           .pieces = tiles,
                           .n = PRODUCT_ROW_STEP,
                           .from = r->a + from * r->a_step + g->first,
                           .to = r->packed,
                           .from_row = r->a_step,
                           .from_piece = g->height,
                           .to_row = PRODUCT_ROW_STEP,
                           .to_piece = PRODUCT_TILE_FLOATS};
  r->kernel->copy(&c);
  c.from += vectors * c.from_row;
  c.to += vectors * c.to_row;
  c.rows = depth - vectors;
  c.pieces = 1;
  for (int left = g->rows; left > 0;
       left -= g->height, c.from += g->height, c.to += PRODUCT_TILE_FLOATS) {
    c.n = left < g->height ? left : g->height;
    r->kernel->copy(&c);
  }
}

/** The rows of a group at k in [from, from + depth), as product_impl.h says; tile i at i PRODUCT_TILE_FLOATS. */
static void pack(const struct product_run *r, const struct group *g, int from, int depth, int k)
{
  if (r->a_transposed) {
    pack_transposed(r, g, from, depth, k);
    return;
  }
  for (int i = 0; i < g->rows; i += g->height) {
    const int rows = g->rows - i < g->height ? g->rows - i : g->height;
    r->kernel->copy(
        &(struct product_copy){.rows = rows,
                               .pieces = 1,
                               .n = depth,
                               .from = r->a + (g->first + i) * r->a_step + from,
                               .to = r->packed + (int64_t)(i / g->height) * PRODUCT_TILE_FLOATS,
                               .from_row = r->a_step,
                               .to_row = PRODUCT_DEPTH_STEP});
  }
}

/** A tile of fewer columns than the kernel makes, through a copy. */
static void edge_tile(const struct product_run *r, product_tile_of *tile, struct product_tile t,
                      int rows, int columns)
{
  float *const c = t.c;
  const int64_t step = t.c_step;
  t.c = r->edge;
  t.c_step = PRODUCT_PANEL;
  for (int i = 0; i < rows && !t.begin; i++)
    memcpy(t.c + (int64_t)i * t.c_step, c + i * step, (size_t)columns * sizeof *c);
  tile(&t);
  for (int i = 0; i < rows; i++)
    memcpy(c + i * step, t.c + (int64_t)i * t.c_step, (size_t)columns * sizeof *c);
}

/** Memory that is asked for while products are computed, some lines of the cache at a time. */
struct ahead {
  const float *from;
  int64_t step; /* between rows */
  int lines;    /* of a row */
  int next, end;
  int at_once;
};

static void ask(struct ahead *x)
{
  const int end = x->end - x->next < x->at_once ? x->end : x->next + x->at_once;
  for (; x->next < end; x->next++) {
    const float *row = x->from + x->next / x->lines * x->step;
    __builtin_prefetch(row + (int64_t)(x->next % x->lines) * LINE, 0, 2);
  }
}

/** The rows of a group at k in [from, from + depth), to be asked for in so many calls. */
static struct ahead ahead_of(const struct product_run *r, const struct group *g, int from,
                             int depth, int calls)
{
  struct ahead x = {.step = r->a_step};
  if (r->a_transposed) {
    x.from = r->a + from * r->a_step + g->first;
    x.lines = (g->rows + LINE - 1) / LINE + 1;
    x.end = depth * x.lines;
  } else {
    x.from = r->a + g->first * r->a_step + from;
    x.lines = (depth + LINE - 1) / LINE;
    x.end = g->rows * x.lines;
  }
  x.at_once = (x.end + calls - 1) / calls;
  return x;
}

/** c of the tile at column j, or of the first one of the next rows where there is none. */
static const float *next_c(const struct product_run *r, int first, int rows, int j)
{
  if (j >= r->n) return r->c + (first + rows) * r->c_step;
  return r->c + j / PRODUCT_PANEL * r->c_panel + first * r->c_step + j % PRODUCT_PANEL;
}

/** One tile of rows: all panels.  t: all that does not depend on the panel. */
static void tile_row(const struct product_run *r, struct product_tile t, int first, int rows,
                     int layout, struct ahead *next)
{
  const int width = r->kernel->width, copied = r->n / PRODUCT_PANEL * PRODUCT_PANEL;
  t.c_step = r->c_step;
  t.b_step = r->in_place_step;
  for (int j = 0; j < r->n; j += width) {
    const int panel = j / PRODUCT_PANEL, in_panel = j % PRODUCT_PANEL;
    const int left = r->n - j, made = left <= width / 2 ? width / 2 : width;
    const bool copies = r->in_place && first == 0 && j < copied;
    product_tile_of *const tile =
        r->kernel->tile[copies ? layout + PRODUCT_COPYING : layout][made < width][rows - 1];
    t.panel = r->b + panel * r->b_panel + in_panel;
    t.b = copies ? r->in_place + j : t.panel;
    t.c = r->c + panel * r->c_panel + first * r->c_step + in_panel;
    t.c_next = next_c(r, first, rows, j + width);
    if (next) ask(next);
    if (r->edges && left < made) {
      edge_tile(r, tile, t, rows, left);
    } else {
      tile(&t);
    }
  }
}

/** What row `first` begins with; NULL: with what is there. */
static const float *begin_of(bool add, const float *bias, int first)
{
  static const float zeros[PRODUCT_MAX_ROWS] = {0};
  return add ? NULL : bias ? bias + first : zeros;
}

/** Of a packed matrix: nothing is copied. */
static void packed_rows(const struct product_run *r, struct product_depth d, bool add,
                        const float *bias)
{
  const int high = r->order.rows;
  const int64_t block = r->order.step;
  const float *a = r->packed_a.at;
  for (int first = 0; first < r->m; first += high) {
    struct product_tile t = {.depth = d.depth, .begin = begin_of(add, bias, first)};
    if (r->a_transposed) {
      t.a = a + d.from / high * block + (int64_t)(r->packed_a.first + first) * high;
      t.a_block = block;
      t.a_ahead = (int64_t)high * high;
    } else {
      t.a = a + first / high * block + (int64_t)d.from * high;
      t.a_ahead = block;
    }
    tile_row(r, t, first, smaller(r->m - first, high),
             r->a_transposed ? PRODUCT_BLOCKS_TRANSPOSED : PRODUCT_BLOCKS, NULL);
  }
}

void product_all_rows(const struct product_run *r, struct product_depth d, bool add,
                      const float *bias)
{
  add = add || d.from > 0;
  if (r->packed_a.at) {
    packed_rows(r, d, add, bias);
    return;
  }
  const int tiles = (r->m + r->kernel->rows - 1) / r->kernel->rows;
  struct group g = {.height = (r->m + tiles - 1) / tiles};
  for (g.first = 0; g.first < r->m; g.first += g.rows) {
    g.rows = smaller(r->m - g.first, PRODUCT_GROUP * g.height);
    struct group after = {g.first + g.rows, 0, g.height};
    after.rows = smaller(r->m - after.first, PRODUCT_GROUP * g.height);
    const int calls = group_tiles(&g) * ((r->n + r->kernel->width - 1) / r->kernel->width);
    struct ahead next = ahead_of(r, &after, d.from, d.depth, calls);
    pack(r, &g, d.from, d.depth, d.k);
    for (int i = 0; i < g.rows; i += g.height) {
      const struct product_tile t = {.depth = d.depth,
                                     .a = r->packed + (int64_t)(i / g.height) * PRODUCT_TILE_FLOATS,
                                     .begin = begin_of(add, bias, g.first + i)};
      tile_row(r, t, g.first + i, smaller(g.rows - i, g.height),
               r->a_transposed ? PRODUCT_TRANSPOSED : PRODUCT_PLAIN, &next);
    }
  }
}

#endif
