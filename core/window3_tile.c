/** @file
 *  The memory of a tile. */
#include "core/window3_tile.h"

#include <math.h>

/* Elements of a tile of several rows, and the width from which rows are taken one by one: copying one
 * needs three. */
enum { TILE = 232, WIDE = 40 };

/* Lines of a tile: of doubles, of reals. */
enum { DOUBLES = 3 + WINDOW3_GROUP, REALS = 3 + 6 * WINDOW3_GROUP };

int window3_tile_rows(int width)
{
  return width < WIDE ? TILE / (width + 1) : 1;
}

static int round_up(int n, int to)
{
  return (n + to - 1) / to * to;
}

/** Elements kept for a line: all the rows, one above and one below, a copied group beyond them and one
 *  in front. */
static int64_t line_of(int width)
{
  return round_up((window3_tile_rows(width) + 2) * (width + 1), WINDOW3_COPIED) +
         2 * WINDOW3_COPIED;
}

size_t window3_tile_bytes(int width)
{
  return (size_t)line_of(width) * (DOUBLES * sizeof(double) + REALS * sizeof(real)) +
         WINDOW3_COPIED * sizeof(real);
}

static struct window3_tile tile_at(void *work, int width)
{
  const int64_t line = line_of(width);
  double *d = (double *)work + WINDOW3_COPIED;
  real *r = (real *)((double *)work + DOUBLES * line) + WINDOW3_COPIED;
  struct window3_tile t = {.sum = d,
                           .pos2 = d + line,
                           .neg2 = d + 2 * line,
                           .max = r,
                           .min = r + line,
                           .zeros = r + 2 * line};
  for (int j = 0; j < WINDOW3_GROUP; j++) {
    real *of = r + (3 + 6 * j) * line;
    t.of[j] = (struct window3_channel){.sum = d + (3 + j) * line,
                                       .pos2 = of,
                                       .neg2 = of + line,
                                       .max = of + 2 * line,
                                       .min = of + 3 * line,
                                       .a_copy = of + 4 * line,
                                       .g_copy = of + 5 * line};
  }
  return t;
}

/** Zeros that no channel writes: in front of lines, and for rows above and below the plane. */
static void begin_zeros(const struct window3_tile *t)
{
  const size_t row = (size_t)round_up(t->pitch, WINDOW3_LANES) * sizeof(real);
  memset(t->zeros, 0, row);
  for (int j = 0; j < WINDOW3_GROUP; j++) {
    const struct window3_channel *k = &t->of[j];
    k->sum[-1] = 0.0;
    k->pos2[-1] = k->neg2[-1] = k->max[-1] = k->min[-1] = REAL(0.0);
    memset(k->a_copy, 0, row);
    memset(k->a_copy + (ptrdiff_t)(t->rows + 1) * t->pitch, 0, row);
  }
}

void window3_tile_begin(const struct extract_call *c, int row, int rows, struct window3_tile *t)
{
  const int width = c->at.width;
  const size_t align = WINDOW3_COPIED * sizeof(real);
  *t = tile_at((char *)c->work + (align - (uintptr_t)c->work % align) % align, width);
  t->row = row;
  t->rows = rows;
  t->copied = width < WIDE;
  t->pitch = t->copied ? width + 1 : width;
  t->n = round_up(rows * t->pitch, WINDOW3_LANES);
  begin_zeros(t);
  for (int i = 0; i < t->n; i++) {
    t->sum[i] = t->pos2[i] = t->neg2[i] = 0.0;
    t->max[i] = -(real)INFINITY;
    t->min[i] = (real)INFINITY;
  }
}
