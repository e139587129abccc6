/** @file
 *  Which kernels sums are made by, and windows tile by tile. */
#include "core/sums.h"

#include "core/cpu_level.h"
#include "core/sums_impl.h"

#include <math.h>
#include <string.h>

static const struct sums_kernels *kernels(void)
{
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
  if (__builtin_cpu_supports(CPU_V4)) return &sums_avx512;
  if (__builtin_cpu_supports(CPU_V3)) return &sums_avx2;
#endif
  return &sums_plain;
}

/** Squares of fields, and squares and sums of products. */
static bool only_norms(const struct sums_flat *x)
{
  return !(x->wanted_of_fields & ~(unsigned)STATS_SQUARES) &&
         !(x->wanted_of_products & ~(unsigned)(STATS_SUM | STATS_SQUARES));
}

bool sums_has_flat(const struct sums_flat *x)
{
  return kernels()->lanes > 1 && x->n >= kernels()->lanes;
}

void sums_flat(const struct sums_flat *x)
{
  const struct sums_kernels *k = x->n < kernels()->lanes ? &sums_plain : kernels();
  if (only_norms(x)) {
    k->flat_norms(x);
  } else {
    k->flat_all(x);
  }
}

/** The set of kernels for what is wanted. */
static int set_of(unsigned wanted)
{
  if (wanted & STATS_EXTREMES && !(wanted & STATS_MIN)) return SUMS_ALL_BUT_MIN;
  return (int)stats_set(wanted);
}

static int smaller(int a, int b)
{
  return a < b ? a : b;
}

enum {
  CELL_BYTES = 3 * sizeof(double) + 2 * sizeof(real)
}; /* what is accumulated at one position */

size_t sums_windows_bytes(void)
{
  return (size_t)SUMS_POSITIONS * (CELL_BYTES + 5 * sizeof(double)) + SUMS_ALIGN;
}

/** A tile under way. */
struct work {
  const struct sums_windows *x;
  const struct sums_kernels *kernels;
  struct sums_tile tile;
  struct stats out; /* of the tile */
  int sample, row;  /* where it begins; row: from x->row on */
};

static struct work work_of(const struct sums_windows *x)
{
  unsigned char *cells = x->work;
  cells += (SUMS_ALIGN - (uintptr_t)cells % SUMS_ALIGN) % SUMS_ALIGN;
  double *const out = (double *)(void *)(cells + (size_t)SUMS_POSITIONS * CELL_BYTES);
  return (struct work){
      .x = x,
      .kernels = kernels(),
      .tile = {.channels = x->channels, .width = x->width, .stride = x->stride, .cells = cells},
      .out = stats_at(out, SUMS_POSITIONS)};
}

/** Let the tile begin at some row of some sample. */
static void move(struct work *w, int sample, int row, int rows)
{
  const struct sums_windows *x = w->x;
  const int64_t first = ((int64_t)sample * x->height + x->row + row) * x->width;
  w->sample = sample;
  w->row = row;
  w->tile.rows = rows;
  w->tile.above = x->row + row > 0;
  w->tile.below = x->row + row + rows < x->height;
  w->tile.a = x->a + first;
  w->tile.g = x->g + first;
}

/** n results of one row, from number `at` of the tile on, to position u. */
static void take_run(const struct work *w, int64_t at, int n, int64_t u)
{
  const struct sums_windows *x = w->x;
  const size_t bytes = (size_t)n * sizeof(double);
  if (x->wanted & STATS_SUM) memcpy(x->out.sum + u, w->out.sum + at, bytes);
  if (x->wanted & STATS_SQUARES) memcpy(x->out.pos2 + u, w->out.pos2 + at, bytes);
  if (x->wanted & STATS_SQUARES) memcpy(x->out.neg2 + u, w->out.neg2 + at, bytes);
  if (x->wanted & STATS_MAX) memcpy(x->out.max + u, w->out.max + at, bytes);
  if (x->wanted & STATS_MIN) memcpy(x->out.min + u, w->out.min + at, bytes);
}

/** Whole vectors that hold so many columns. */
static int in_vectors(const struct work *w, int columns)
{
  const int lanes = w->kernels->lanes;
  return (columns + lanes - 1) / lanes * lanes;
}

/** Take n results of each row, from column c of the tile on; they belong to sample s from its column `to` on. */
static void take_columns(const struct work *w, int s, int c, int n, int to)
{
  const struct sums_windows *x = w->x;
  const int pitch = in_vectors(w, w->tile.columns);
  for (int r = 0; r < w->tile.rows; r++) {
    const int64_t row = (int64_t)(w->sample + s) * x->rows + w->row + r;
    take_run(w, (int64_t)r * pitch + c, n, row * x->width + to);
  }
}

/** Columns of one sample, as many at once as the rows leave room for. */
static void one(struct work *w)
{
  const struct sums_windows *x = w->x;
  const int lanes = w->kernels->lanes, most = SUMS_POSITIONS / w->tile.rows / lanes * lanes;
  const int each = smaller(most, SUMS_COLUMNS);
  w->tile.other = 0;
  for (int c = 0; c < x->width; c += each) {
    w->tile.first = c;
    w->tile.columns = smaller(each, x->width - c);
    w->kernels->windows[set_of(x->wanted)](&w->tile, &w->out);
    take_columns(w, 0, 0, w->tile.columns, c);
  }
}

/** Two samples, each in half of a vector. */
static void two(struct work *w)
{
  const struct sums_windows *x = w->x;
  w->tile.other = (int64_t)x->height * x->width;
  w->tile.first = 0;
  w->tile.columns = SUMS_LANES;
  w->kernels->windows[set_of(x->wanted)](&w->tile, &w->out);
  take_columns(w, 0, 0, x->width, 0);
  take_columns(w, 1, SUMS_LANES / 2, x->width, 0);
}

/** Some rows of all samples. */
static void some_rows(struct work *w, int row, int rows)
{
  const struct sums_windows *x = w->x;
  const bool pairs = w->kernels->lanes == SUMS_LANES && x->width <= SUMS_PAIR;
  for (int s = 0; s < x->samples;) {
    move(w, s, row, rows);
    if (pairs && s + 1 < x->samples) {
      two(w);
      s += 2;
    } else {
      one(w);
      s++;
    }
  }
}

void sums_windows(const struct sums_windows *x)
{
  const int tiles = (x->rows + SUMS_ROWS - 1) / SUMS_ROWS, each = (x->rows + tiles - 1) / tiles;
  struct work w = work_of(x);
  for (int r = 0; r < x->rows; r += each) some_rows(&w, r, smaller(each, x->rows - r));
}
