/** @file
 *  The program's own products where many numbers of b are zero, as behind rectifiers: forward an
 *  activation, backward a signal.
 *
 *  fma(a, 0, s) is s, or 0 where s is -0; so where every result ends as s + 0, which is never -0, to skip
 *  the zeros changes no bit, as long as a is finite.  Whether to skip is therefore free to depend on the
 *  numbers.
 *
 *  The loops, from the outside: parts of the columns, whose sums stay in the second-level cache, each
 *  column's beside each other; tiles of rows; marks of k, whose part of a stays in the first-level cache;
 *  columns. */
#include "core/product_impl.h"

#ifndef RETROGRAD_DOUBLE
#include <string.h>

enum {
  COLUMNS = PRODUCT_SPARSE_COLUMNS,
  LOOKED_AT = 24, /* rows of b */
};

static int smaller(int a, int b)
{
  return a < b ? a : b;
}

static int marks_of(const struct product_sparse_kernel *k, int depth)
{
  return (depth + k->depth - 1) / k->depth;
}

/** Whether 0 times any number of a is 0: what product_pack found. */
static bool finite(const struct product_run *r, int k)
{
  const int rows = r->a_transposed ? k : r->m, high = r->order.rows;
  return r->packed_a.at[(rows + high - 1) / high * r->order.step] != 0.0F;
}

/** The share of b that may be other than zero where skipping the rest is to take less time.  Measured: of
 *  what dense tiles take, sums take 1.2 times that share, marks as long as 24 rows of a, and to turn c
 *  over as long as 16 of k; 7 % goes where marks begin and end. */
static double worth(int rows, int depth)
{
  return (0.93 - 24.0 / rows - 16.0 / depth) / 1.2;
}

bool product_is_sparse(const struct product_run *r, struct product_depth d, const float *from,
                       int64_t from_step)
{
  if (!r->packed_a.at || !r->kernel->sparse || r->n < PRODUCT_PANEL ||
      (r->m - 1) / r->kernel->sparse->lanes + 1 < PRODUCT_SPARSE_LEAST || !finite(r, d.k))
    return false;
  const int panels = r->n / PRODUCT_PANEL;
  int other = 0;
  for (int i = 0; i < LOOKED_AT; i++) {
    const int64_t l = (int64_t)i * d.depth / LOOKED_AT;
    const int panel = i % panels;
    const float *row = from_step ? from + l * from_step + (int64_t)panel * PRODUCT_PANEL
                                 : r->b + panel * r->b_panel + l * PRODUCT_PANEL;
    for (int j = 0; j < PRODUCT_PANEL; j++) other += row[j] != 0.0F;
  }
  return other < worth(r->m, d.depth) * (LOOKED_AT * PRODUCT_PANEL);
}

/** Rows of c under way, of some columns. */
struct sparse_tile {
  int first, rows, vectors, width; /* width: of all lanes */
  int column, columns;
  float *sums; /* [columns][width] */
};

static float *c_at(const struct product_run *r, int row, int column)
{
  return r->c + column / PRODUCT_PANEL * r->c_panel + row * r->c_step + column % PRODUCT_PANEL;
}

/** A block of c that ends before lanes by lanes do, to or from sums through a copy. */
static void move_edge(const struct product_run *r, float *c, int rows, int columns, float *sums,
                      int width, bool out)
{
  const struct product_sparse_kernel *k = r->kernel->sparse;
  const size_t bytes = (size_t)columns * sizeof *c;
  float block[PRODUCT_SPARSE_LANES * PRODUCT_SPARSE_LANES] = {0};
  if (out) k->transpose(sums, width, block, k->lanes);
  for (int i = 0; i < rows; i++) {
    float *of_block = block + (int64_t)i * k->lanes, *of_c = c + i * r->c_step;
    memcpy(out ? of_c : of_block, out ? of_block : of_c, bytes);
  }
  if (!out) k->transpose(block, k->lanes, sums, width);
}

/** Between c and sums, lanes by lanes of each. */
static void move_block(const struct product_run *r, const struct sparse_tile *t, int row,
                       int column, bool out)
{
  const struct product_sparse_kernel *k = r->kernel->sparse;
  const int rows = smaller(k->lanes, t->rows - row),
            columns = smaller(k->lanes, t->columns - column);
  float *c = c_at(r, t->first + row, t->column + column);
  float *sums = t->sums + (int64_t)column * t->width + row;
  if (rows < k->lanes || columns < k->lanes) {
    move_edge(r, c, rows, columns, sums, t->width, out);
  } else if (out) {
    k->transpose(sums, t->width, c, r->c_step);
  } else {
    k->transpose(c, r->c_step, sums, t->width);
  }
}

static void move(const struct product_run *r, const struct sparse_tile *t, bool out)
{
  const int lanes = r->kernel->sparse->lanes;
  for (int row = 0; row < t->rows; row += lanes)
    for (int column = 0; column < t->columns; column += lanes) move_block(r, t, row, column, out);
}

/** Scratch, in this order. */
struct sparse_work {
  float *sums, *a, *begin;
  uint32_t *marks; /* [panels][marks][PRODUCT_SPARSE_MARK] */
  int64_t marks_panel;
};

int product_sparse_floats(const struct product_sparse_kernel *k, int columns, int depth)
{
  if (!k) return 0;
  const int panels = (columns + PRODUCT_PANEL - 1) / PRODUCT_PANEL;
  const int summed = smaller(COLUMNS, panels * PRODUCT_PANEL);
  return (summed + PRODUCT_SPARSE_DEPTH + 1) * PRODUCT_SPARSE_ROWS +
         panels * marks_of(k, depth) * PRODUCT_SPARSE_MARK;
}

static struct sparse_work work_of(const struct product_run *r, int depth)
{
  struct sparse_work w = {.sums = r->sparse};
  const int panels = (r->n + PRODUCT_PANEL - 1) / PRODUCT_PANEL;
  w.a = w.sums + (int64_t)smaller(COLUMNS, panels * PRODUCT_PANEL) * PRODUCT_SPARSE_ROWS;
  w.begin = w.a + (int64_t)PRODUCT_SPARSE_DEPTH * PRODUCT_SPARSE_ROWS;
  w.marks = (uint32_t *)(void *)(w.begin + PRODUCT_SPARSE_ROWS);
  w.marks_panel = (int64_t)marks_of(r->kernel->sparse, depth) * PRODUCT_SPARSE_MARK;
  return w;
}

static void gather(const struct product_run *r, const struct sparse_tile *t, int from, int depth,
                   const struct sparse_work *w)
{
  struct product_gather g = {.block = r->order.step,
                             .first = t->first,
                             .rows = t->rows,
                             .depth = depth,
                             .width = t->width,
                             .to = w->a};
  const int high = r->order.rows;
  if (r->a_transposed) {
    g.a = r->packed_a.at + from / high * r->order.step;
    g.first += r->packed_a.first;
    r->kernel->sparse->columns(&g);
  } else {
    g.a = r->packed_a.at + (int64_t)from * high;
    r->kernel->sparse->rows(&g);
  }
}

static void tile_sums(const struct product_run *r, struct product_depth d, bool goes_on,
                      const struct sparse_tile *t, const struct sparse_work *w)
{
  const struct product_sparse_kernel *k = r->kernel->sparse;
  const int64_t panel = t->column / PRODUCT_PANEL;
  struct product_skipping s = {.columns = t->columns,
                               .a = w->a,
                               .b = r->b + panel * r->b_panel,
                               .marks = w->marks + panel * w->marks_panel,
                               .b_panel = r->b_panel,
                               .marks_panel = w->marks_panel,
                               .sums = t->sums,
                               .begin = goes_on ? NULL : w->begin};
  for (int from = 0; from < d.depth; from += k->depth) {
    gather(r, t, d.from + from, smaller(k->depth, d.depth - from), w);
    k->sums[t->vectors](&s);
    s.b += (int64_t)k->depth * PRODUCT_PANEL;
    s.marks += PRODUCT_SPARSE_MARK;
    s.begin = NULL;
  }
}

static void tile_rows(const struct product_run *r, struct product_depth d, bool goes_on,
                      const float *bias, struct sparse_tile t, const struct sparse_work *w)
{
  for (int i = 0; i < t.width; i++) w->begin[i] = bias && i < t.rows ? bias[t.first + i] : 0.0F;
  if (t.rows < t.width) memset(w->a, 0, (size_t)(PRODUCT_SPARSE_DEPTH * t.width) * sizeof *w->a);
  for (t.column = 0; t.column < r->n; t.column += COLUMNS) {
    t.columns = smaller(COLUMNS, r->n - t.column);
    if (goes_on) move(r, &t, false);
    tile_sums(r, d, goes_on, &t, w);
    move(r, &t, true);
  }
}

void product_sparse(const struct product_run *r, struct product_depth d, bool add,
                    const float *bias)
{
  const struct product_sparse_kernel *k = r->kernel->sparse;
  const struct sparse_work w = work_of(r, d.depth);
  for (int j = 0; j * PRODUCT_PANEL < r->n; j++)
    k->mark(d.depth, r->b + j * r->b_panel, w.marks + j * w.marks_panel);
  const int vectors = (r->m + k->lanes - 1) / k->lanes;
  const int tiles = (vectors + PRODUCT_SPARSE_VECTORS - 1) / PRODUCT_SPARSE_VECTORS;
  int done = 0;
  for (int i = 0; i < tiles; i++) {
    const int to = vectors * (i + 1) / tiles;
    struct sparse_tile t = {.first = done * k->lanes, .vectors = to - done, .sums = w.sums};
    t.width = t.vectors * k->lanes;
    t.rows = smaller(t.width, r->m - t.first);
    tile_rows(r, d, add || d.from > 0, bias, t, &w);
    done = to;
  }
}

#endif
