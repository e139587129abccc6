/** @file
 *  The program's own products in blocks: rows of a in tiles, k in depths, columns of b in panels.
 *
 *  The loops, from the outside: blocks of columns, whose panels of b stay in the second-level cache;
 *  depths of k; and in product_rows.c groups of tiles of rows, whose part of a is packed if it was not
 *  before; tiles; panels.
 *  Source of the scheme: Goto, van de Geijn 2008, Anatomy of high-performance matrix multiplication. */
#include "core/cpu_level.h"
#include "core/product_impl.h"

#include <assert.h>

#ifndef RETROGRAD_DOUBLE
static_assert(PRODUCT_THIN_ROWS * PRODUCT_THIN <= PRODUCT_GROUP * PRODUCT_TILE_FLOATS,
              "scratch of thin products");

enum {
  /* Panels of b that stay in the second-level cache: 16 of half the largest depth.  A packed matrix has
   * no part that ought to stay in the first-level cache, and to go on with sums that were left in memory
   * takes time: fewer panels of a larger depth. */
  BLOCK_PANELS = 16,
  PACKED_DEPTH = 560,
  B_FLOATS = PACKED_DEPTH * PRODUCT_PANEL + PRODUCT_PAD, /* of a panel of the largest depth */
  EDGE_FLOATS = PRODUCT_MAX_ROWS * PRODUCT_PANEL,
  ROW_FLOATS = BLOCK_PANELS * PRODUCT_PANEL + PRODUCT_ROOM,
  OWN_FLOATS = PRODUCT_GROUP * PRODUCT_TILE_FLOATS + EDGE_FLOATS + ROW_FLOATS,
  ALIGN = 64,
  AHEAD = 8,
  LINE = 16, /* floats of a line of the cache */
};

/* What the CPU has; NULL where that is no fused multiply-add. */
const struct product_kernel *product_native(void)
{
#ifdef PRODUCT_X86
  if (__builtin_cpu_supports(CPU_V4)) return &product_avx512;
  if (__builtin_cpu_supports(CPU_V3)) return &product_avx2;
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

/** Zeros behind the last column, where n is not a multiple of PRODUCT_PANEL. */
static void pad_panels(const struct product_run *r, int depth, float *panels)
{
  if (r->n % PRODUCT_PANEL == 0) return;
  const int64_t last = r->n / PRODUCT_PANEL * r->b_panel;
  for (int64_t i = 0; i < (int64_t)depth * PRODUCT_PANEL; i++) panels[last + i] = 0.0F;
}

/** n columns of b at a depth into panels, from column `first` on, which begins one. */
static void copy_panels(const struct product_run *r, const float *b, int64_t b_step, int first,
                        int depth)
{
  const int whole = r->n / PRODUCT_PANEL, rest = r->n % PRODUCT_PANEL;
  float *panels = r->b + first / PRODUCT_PANEL * r->b_panel;
  struct product_copy c = {.rows = depth,
                           .pieces = whole - first / PRODUCT_PANEL,
                           .n = PRODUCT_PANEL,
                           .ahead = AHEAD,
                           .from = b + first,
                           .to = panels,
                           .from_row = b_step,
                           .from_piece = PRODUCT_PANEL,
                           .to_row = PRODUCT_PANEL,
                           .to_piece = r->b_panel};
  r->kernel->copy(&c);
  if (!rest) return;
  c.from += (int64_t)c.pieces * PRODUCT_PANEL;
  c.to += c.pieces * r->b_panel;
  c.pieces = 1;
  c.n = rest;
  r->kernel->copy(&c);
}

/** The same for rows that are made one by one: k in [from, from + depth), columns from `first` on. */
static void fill_panels(struct product_run r, const struct product *p, int first, int from,
                        int depth)
{
  for (int l = 0; l < depth; l++, r.b += PRODUCT_PANEL) {
    p->fill(p->who, from + l, first, r.n, r.row);
    copy_panels(&r, r.row, 0, 0, 1);
  }
}

/** b at a part of k, or what of it no tile can copy; whether it is sparse. */
static bool bring(struct product_run *r, const struct product *p, int first, struct product_depth d)
{
  pad_panels(r, d.depth, r->b);
  if (p->fill) {
    fill_panels(*r, p, first, d.from, d.depth);
    return product_is_sparse(r, d, NULL, 0);
  }
  const float *b = p->b + d.from * p->b_step + first;
  const bool sparse = product_is_sparse(r, d, b, p->b_step);
  r->in_place = p->packed.at && !sparse ? b : NULL;
  r->in_place_step = p->b_step;
  copy_panels(r, b, p->b_step, r->in_place ? r->n / PRODUCT_PANEL * PRODUCT_PANEL : 0, d.depth);
  return sparse;
}

/** How much of k is taken at once: nearly equal parts, of a packed matrix whole blocks. */
static int depth_of(const float *packed, int k)
{
  const int whole = packed ? product_own_kernel()->rows : 1;
  const int most = packed ? PACKED_DEPTH / whole * whole : PRODUCT_DEPTH;
  const int parts = (k + most - 1) / most, part = (k + parts - 1) / parts;
  return (part + whole - 1) / whole * whole;
}

/** Columns of b at once: those of the panels that stay in the second-level cache. */
static int block_columns(int n, int part)
{
  const int panels = (n + PRODUCT_PANEL - 1) / PRODUCT_PANEL;
  const int most = part > PACKED_DEPTH / 2 ? BLOCK_PANELS / 2 : BLOCK_PANELS;
  const int blocks = 1 + (panels - 1) / most;
  return (panels + blocks - 1) / blocks * PRODUCT_PANEL;
}

/** Scratch of product_sparse: for few columns of the largest part of k, or for more of half of it.  Products of
 *  panels have none. */
static int sparse_floats(int n)
{
  if (n == 0) return 0;
  const struct product_sparse_kernel *k = product_own_kernel()->sparse;
  const int few = product_sparse_floats(k, block_columns(n, PACKED_DEPTH), PACKED_DEPTH);
  const int many = product_sparse_floats(k, block_columns(n, 1), PACKED_DEPTH / 2);
  return ((few > many ? few : many) + PRODUCT_PAD) / LINE * LINE;
}

static struct product_run run_of(const struct product *p)
{
  float *packed = aligned(p->work);
  return (struct product_run){.kernel = product_own_kernel(),
                              .m = p->m,
                              .a_transposed = p->a_transposed,
                              .edges = true,
                              .a = p->a,
                              .packed_a = p->packed,
                              .a_step = p->a_step,
                              .order = product_order_of(p->packed.columns),
                              .b = packed + OWN_FLOATS + sparse_floats(p->n),
                              .b_panel = (int64_t)depth_of(p->packed.at, p->k) * PRODUCT_PANEL +
                                         PRODUCT_PAD,
                              .c_panel = PRODUCT_PANEL,
                              .c_step = p->c_step,
                              .packed = packed,
                              .edge = packed + (ptrdiff_t)PRODUCT_GROUP * PRODUCT_TILE_FLOATS,
                              .row = packed + OWN_FLOATS - ROW_FLOATS,
                              .sparse = packed + OWN_FLOATS};
}

void product_own(const struct product *p)
{
  if (product_is_thin(p)) {
    product_thin(product_own_kernel(), p, aligned(p->work));
    return;
  }
  struct product_run r = run_of(p);
  const int part = depth_of(p->packed.at, p->k), block = block_columns(p->n, part);
  for (int first = 0; first < p->n; first += block) {
    r.n = smaller(block, p->n - first);
    r.c = p->c + first;
    for (int from = 0; from < p->k; from += part) {
      const struct product_depth d = {from, smaller(part, p->k - from), p->k};
      const bool sparse = bring(&r, p, first, d);
      (sparse ? product_sparse : product_all_rows)(&r, d, p->add, p->bias);
    }
  }
}

void product_own_panels(const struct product_panels *p)
{
  struct product_run r = {.kernel = product_own_kernel(),
                          .m = p->m,
                          .n = p->n,
                          .a_transposed = p->a_transposed,
                          .a = p->a,
                          .packed_a = p->packed,
                          .a_step = p->a_step,
                          .order = product_order_of(p->packed.columns),
                          .c = p->c,
                          .b_panel = p->b_panel,
                          .c_panel = p->c_panel,
                          .c_step = PRODUCT_PANEL,
                          .packed = aligned(p->work)};
  const int part = depth_of(p->packed.at, p->k);
  for (int from = 0; from < p->k; from += part) {
    r.b = p->b + (int64_t)from * PRODUCT_PANEL;
    product_all_rows(&r, (struct product_depth){from, smaller(part, p->k - from), p->k}, false,
                     NULL);
  }
}

size_t product_own_bytes(int n)
{
  const int panels = smaller(BLOCK_PANELS / 2, (n + PRODUCT_PANEL - 1) / PRODUCT_PANEL);
  const int floats = OWN_FLOATS + sparse_floats(n) + panels * B_FLOATS + BLOCK_PANELS * PRODUCT_PAD;
  return (size_t)floats * sizeof(float) + ALIGN;
}

#endif
