/** @file
 *  The program's own products in blocks: rows of a in tiles, k in depths, columns of b in panels.
 *
 *  The loops, from the outside: blocks of columns, whose panels of b stay in the second-level cache;
 *  depths of k; groups of tiles of rows, whose part of a is packed; tiles; panels.
 *  Source of the scheme: Goto, van de Geijn 2008, Anatomy of high-performance matrix multiplication. */
#include "core/product_impl.h"

#ifndef RETROGRAD_DOUBLE
#include <assert.h>
#include <string.h>

enum {
  BLOCK_PANELS = 16, /* 16 panels of a depth: 512 KiB */
  PAD = 80, /* floats between what is written side by side: powers of two share sets of a cache */
  A_FLOATS = PRODUCT_DEPTH * PRODUCT_ROW_STEP + PAD, /* of a packed tile of rows, either way */
  B_FLOATS = PRODUCT_DEPTH * PRODUCT_PANEL + PAD,    /* of a panel of one depth */
  GROUP_TILES = 8, /* tiles of rows packed at once: long enough pieces of a transposed a's rows */
  EDGE_FLOATS = PRODUCT_MAX_ROWS * PRODUCT_PANEL,
  ROW_FLOATS = BLOCK_PANELS * PRODUCT_PANEL + PRODUCT_ROOM,
  OWN_FLOATS = GROUP_TILES * A_FLOATS + EDGE_FLOATS + ROW_FLOATS,
  ALIGN = 64,
  LINE = ALIGN / 4, /* floats of a line of the cache */
  AHEAD = 8,
};
static_assert(A_FLOATS >= PRODUCT_MAX_ROWS * PRODUCT_DEPTH_STEP, "a tile fits both ways");

/* Levels of x86-64; clang, which does not know them, only looks at this file. */
#ifdef __clang__
#define V3 "avx2"
#define V4 "avx512f"
#else
#define V3 "x86-64-v3"
#define V4 "x86-64-v4"
#endif

/* What the CPU has; NULL where that is no fused multiply-add. */
const struct product_kernel *product_native(void)
{
#ifdef PRODUCT_X86
  if (__builtin_cpu_supports(V4)) return &product_avx512;
  if (__builtin_cpu_supports(V3)) return &product_avx2;
#endif
  return NULL;
}

const struct product_kernel *product_own_kernel(void)
{
  const struct product_kernel *k = product_native();
  return k ? k : &product_portable;
}

static int smaller(int a, int b)
{
  return a < b ? a : b;
}

/** The first address in `work` where vectors are aligned. */
static float *aligned(void *work)
{
  unsigned char *p = work;
  return (float *)(void *)(p + (ALIGN - (uintptr_t)p % ALIGN) % ALIGN);
}

/** A product under way: panel j of b and of c begin at b + j b_panel, c + j c_panel. */
struct run {
  const struct product_kernel *kernel;
  int m, n;
  bool a_transposed, edges; /* edges: columns beyond n are not c's */
  const float *a, *b;
  float *c;
  int64_t a_step, b_panel, c_panel, c_step;
  float *packed, *edge, *row;
};

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
static void pack_transposed(const struct run *r, const struct group *g, int from, int depth, int k)
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
                           .to_piece = A_FLOATS};
  r->kernel->copy(&c);
  c.from += vectors * c.from_row;
  c.to += vectors * c.to_row;
  c.rows = depth - vectors;
  c.pieces = 1;
  for (int left = g->rows; left > 0; left -= g->height, c.from += g->height, c.to += A_FLOATS) {
    c.n = left < g->height ? left : g->height;
    r->kernel->copy(&c);
  }
}

/** The rows of a group at k in [from, from + depth), as product_impl.h says; tile i at i A_FLOATS. */
static void pack(const struct run *r, const struct group *g, int from, int depth, int k)
{
  if (r->a_transposed) {
    pack_transposed(r, g, from, depth, k);
    return;
  }
  for (int i = 0; i < g->rows; i += g->height) {
    const int rows = g->rows - i < g->height ? g->rows - i : g->height;
    r->kernel->copy(&(struct product_copy){.rows = rows,
                                           .pieces = 1,
                                           .n = depth,
                                           .from = r->a + (g->first + i) * r->a_step + from,
                                           .to = r->packed + (int64_t)(i / g->height) * A_FLOATS,
                                           .from_row = r->a_step,
                                           .to_row = PRODUCT_DEPTH_STEP});
  }
}

/** A tile of fewer columns than the kernel makes, through a copy. */
static void edge_tile(const struct run *r, product_tile_of *tile, struct product_tile t, int rows,
                      int columns)
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
static struct ahead ahead_of(const struct run *r, const struct group *g, int from, int depth,
                             int calls)
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

/** One tile of rows at one depth: all panels.  packed: its part of a; begin NULL: c is added to. */
static void tile_row(const struct run *r, int first, int rows, int depth, const float *packed,
                     const float *begin, struct ahead *next)
{
  product_tile_of *const *of = r->kernel->tile[r->a_transposed][0] + rows - 1;
  product_tile_of *const *narrow = r->kernel->tile[r->a_transposed][1] + rows - 1;
  const int width = r->kernel->width;
  for (int j = 0; j < r->n; j += width) {
    const int panel = j / PRODUCT_PANEL, in_panel = j % PRODUCT_PANEL;
    const int left = r->n - j, made = left <= width / 2 ? width / 2 : width;
    const struct product_tile t = {depth,
                                   packed,
                                   r->b + panel * r->b_panel + in_panel,
                                   r->c + panel * r->c_panel + first * r->c_step + in_panel,
                                   begin,
                                   r->c_step};
    product_tile_of *const tile = made < width ? *narrow : *of;
    ask(next);
    if (r->edges && left < made) {
      edge_tile(r, tile, t, rows, left);
    } else {
      tile(&t);
    }
  }
}

/** All rows at k in [from, from + depth) of k; r->b is at `from`. */
static void all_rows(const struct run *r, int from, int depth, int k, bool add, const float *bias)
{
  static const float zeros[PRODUCT_MAX_ROWS] = {0};
  const int tiles = (r->m + r->kernel->rows - 1) / r->kernel->rows;
  struct group g = {.height = (r->m + tiles - 1) / tiles};
  for (g.first = 0; g.first < r->m; g.first += g.rows) {
    g.rows = smaller(r->m - g.first, GROUP_TILES * g.height);
    struct group after = {g.first + g.rows, 0, g.height};
    after.rows = smaller(r->m - after.first, GROUP_TILES * g.height);
    const int calls = group_tiles(&g) * ((r->n + r->kernel->width - 1) / r->kernel->width);
    struct ahead next = ahead_of(r, &after, from, depth, calls);
    pack(r, &g, from, depth, k);
    for (int i = 0; i < g.rows; i += g.height) {
      const int first = g.first + i;
      tile_row(r, first, smaller(g.rows - i, g.height), depth,
               r->packed + (int64_t)(i / g.height) * A_FLOATS,
               add || from ? NULL
               : bias      ? bias + first
                           : zeros,
               &next);
    }
  }
}

/** Zeros behind the last column, where n is not a multiple of PRODUCT_PANEL. */
static void pad_panels(const struct run *r, int depth, float *panels)
{
  if (r->n % PRODUCT_PANEL == 0) return;
  const int64_t last = r->n / PRODUCT_PANEL * r->b_panel;
  for (int64_t i = 0; i < (int64_t)depth * PRODUCT_PANEL; i++) panels[last + i] = 0.0F;
}

/** n columns of b at a depth into panels. */
static void copy_panels(const struct run *r, const float *b, int64_t b_step, int depth,
                        float *panels) /* NOLINT(readability-non-const-parameter): c.to */
{
  const int whole = r->n / PRODUCT_PANEL, rest = r->n % PRODUCT_PANEL;
  struct product_copy c = {.rows = depth,
                           .pieces = whole,
                           .n = PRODUCT_PANEL,
                           .ahead = AHEAD,
                           .from = b,
                           .to = panels,
                           .from_row = b_step,
                           .from_piece = PRODUCT_PANEL,
                           .to_row = PRODUCT_PANEL,
                           .to_piece = r->b_panel};
  r->kernel->copy(&c);
  if (!rest) return;
  c.from += (int64_t)whole * PRODUCT_PANEL;
  c.to += whole * r->b_panel;
  c.pieces = 1;
  c.n = rest;
  r->kernel->copy(&c);
}

/** The same for rows that are made one by one: k in [from, from + depth), columns from `first` on. */
static void fill_panels(const struct run *r, const struct product *p, int first, int from,
                        int depth, float *panels)
{
  for (int l = 0; l < depth; l++, panels += PRODUCT_PANEL) {
    p->fill(p->who, from + l, first, r->n, r->row);
    copy_panels(r, r->row, 0, 1, panels);
  }
}

static struct run run_of(const struct product *p)
{
  float *packed = aligned(p->work);
  return (struct run){.kernel = product_own_kernel(),
                      .m = p->m,
                      .a_transposed = p->a_transposed,
                      .edges = true,
                      .a = p->a,
                      .b = packed + OWN_FLOATS,
                      .a_step = p->a_step,
                      .b_panel = B_FLOATS,
                      .c_panel = PRODUCT_PANEL,
                      .c_step = p->c_step,
                      .packed = packed,
                      .edge = packed + (ptrdiff_t)GROUP_TILES * A_FLOATS,
                      .row = packed + OWN_FLOATS - ROW_FLOATS};
}

void product_own(const struct product *p)
{
  struct run r = run_of(p);
  float *panels = aligned(p->work) + OWN_FLOATS;
  const int panels_of_all = (p->n + PRODUCT_PANEL - 1) / PRODUCT_PANEL;
  const int blocks = (panels_of_all + BLOCK_PANELS - 1) / BLOCK_PANELS;
  const int block = (panels_of_all + blocks - 1) / blocks * PRODUCT_PANEL;
  for (int first = 0; first < p->n; first += block) {
    r.n = smaller(block, p->n - first);
    r.c = p->c + first;
    for (int from = 0; from < p->k; from += PRODUCT_DEPTH) {
      const int depth = smaller(PRODUCT_DEPTH, p->k - from);
      pad_panels(&r, depth, panels);
      if (p->fill) {
        fill_panels(&r, p, first, from, depth, panels);
      } else {
        copy_panels(&r, p->b + from * p->b_step + first, p->b_step, depth, panels);
      }
      all_rows(&r, from, depth, p->k, p->add, p->bias);
    }
  }
}

void product_own_panels(const struct product_panels *p)
{
  struct run r = {.kernel = product_own_kernel(),
                  .m = p->m,
                  .n = p->n,
                  .a_transposed = p->a_transposed,
                  .a = p->a,
                  .c = p->c,
                  .a_step = p->a_step,
                  .b_panel = p->b_panel,
                  .c_panel = p->c_panel,
                  .c_step = PRODUCT_PANEL,
                  .packed = aligned(p->work)};
  for (int from = 0; from < p->k; from += PRODUCT_DEPTH) {
    r.b = p->b + (int64_t)from * PRODUCT_PANEL;
    all_rows(&r, from, smaller(PRODUCT_DEPTH, p->k - from), p->k, false, NULL);
  }
}

size_t product_own_bytes(int n)
{
  const int panels = smaller(BLOCK_PANELS, (n + PRODUCT_PANEL - 1) / PRODUCT_PANEL);
  return (size_t)(OWN_FLOATS + panels * B_FLOATS) * sizeof(float) + ALIGN;
}

#endif
