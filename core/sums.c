/** @file
 *  Which kernels sums are made by, and windows tile by tile. */
#include "core/sums.h"

#include "core/sums_impl.h"

#include <math.h>
#include <string.h>

/* Levels of x86-64; clang, which does not know them, only looks at this file. */
#ifdef __clang__
#define V3 "avx2"
#define V4 "avx512f"
#else
#define V3 "x86-64-v3"
#define V4 "x86-64-v4"
#endif

static const struct sums_kernels *kernels(void)
{
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
  if (__builtin_cpu_supports(V4)) return &sums_avx512;
  if (__builtin_cpu_supports(V3)) return &sums_avx2;
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

/** Scratch: lines of both fields, accumulators of a tile, and its results. */
enum {
  LINES = (2 * SUMS_ROWS + 2) * SUMS_PITCH,
  CELL_BYTES = 3 * sizeof(double) + 2 * sizeof(real), /* of one position */
  RESULT = SUMS_ROWS * SUMS_PITCH
};

size_t sums_windows_bytes(void)
{
  return LINES * sizeof(real) + (size_t)SUMS_ROWS * SUMS_PITCH * CELL_BYTES +
         5 * (size_t)RESULT * sizeof(double) + 2 * (size_t)SUMS_ALIGN;
}

/** A tile of some rows; which columns, others say. */
static struct sums_tile tile_of(const struct sums_windows *x, int sample, int row, int rows)
{
  unsigned char *work = x->work;
  const int64_t first = ((int64_t)sample * x->height + row) * x->width;
  return (struct sums_tile){.channels = x->channels,
                            .width = x->width,
                            .rows = rows,
                            .above = row > 0,
                            .below = row + rows < x->height,
                            .stride = x->stride,
                            .a = x->a + first,
                            .g = x->g + first,
                            .work =
                                work + (SUMS_ALIGN - (uintptr_t)work % SUMS_ALIGN) % SUMS_ALIGN};
}

/** Where results of a tile are. */
static struct sums_result result_of(const struct sums_tile *t)
{
  double *r = (double *)(void *)((unsigned char *)t->work + LINES * sizeof(real) +
                                 (size_t)SUMS_ROWS * SUMS_PITCH * CELL_BYTES);
  return (struct sums_result){r, r + RESULT, r + 2 * RESULT, r + 3 * RESULT, r + 4 * RESULT};
}

/** n results of one row, from column c of the tile on, to position u. */
static void take_run(const struct sums_windows *x, const struct sums_result *r, int64_t at, int n,
                     int64_t u)
{
  const size_t bytes = (size_t)n * sizeof(double);
  if (x->wanted & STATS_SUM) memcpy(x->out.sum + u, r->sum + at, bytes);
  if (x->wanted & STATS_SQUARES) memcpy(x->out.pos2 + u, r->pos2 + at, bytes);
  if (x->wanted & STATS_SQUARES) memcpy(x->out.neg2 + u, r->neg2 + at, bytes);
  if (x->wanted & STATS_MAX) memcpy(x->out.max + u, r->max + at, bytes);
  if (x->wanted & STATS_MIN) memcpy(x->out.min + u, r->min + at, bytes);
}

static void run(const struct sums_windows *x, const struct sums_tile *t, struct sums_result *out)
{
  *out = result_of(t);
  kernels()->windows[set_of(x->wanted)](t, out);
}

/** Columns of one sample, as many as a line holds at once. */
static void wide(const struct sums_windows *x, int sample, int row, int rows)
{
  struct sums_result out;
  struct sums_tile t = tile_of(x, sample, row, rows);
  t.n = 1;
  for (int c = 0; c < x->width; c += SUMS_LINE) {
    const int n = smaller(SUMS_LINE, x->width - c), left = c > 0, right = c + n < x->width;
    t.columns = n;
    t.of_a[0] = (struct sums_piece){c - left, -left, n + left + right};
    t.of_g[0] = (struct sums_piece){c, 0, n};
    run(x, &t, &out);
    for (int r = 0; r < rows; r++) {
      const int64_t u = ((int64_t)sample * x->rows + row - x->row + r) * x->width + c;
      take_run(x, &out, (int64_t)r * SUMS_PITCH, n, u);
    }
  }
}

/** Samples side by side, a zero between them. */
static void narrow(const struct sums_windows *x, int sample, int samples, int row, int rows)
{
  struct sums_result out;
  struct sums_tile t = tile_of(x, sample, row, rows);
  const int apart = x->width + 1;
  t.n = samples;
  t.columns = samples * apart - 1;
  for (int s = 0; s < samples; s++) {
    t.of_a[s] = (struct sums_piece){(int64_t)s * x->height * x->width, s * apart, x->width};
    t.of_g[s] = t.of_a[s];
  }
  run(x, &t, &out);
  for (int s = 0; s < samples; s++) {
    for (int r = 0; r < rows; r++) {
      const int64_t u = ((int64_t)(sample + s) * x->rows + row - x->row + r) * x->width;
      take_run(x, &out, (int64_t)r * SUMS_PITCH + (int64_t)s * apart, x->width, u);
    }
  }
}

/** Some rows of all samples. */
static void some_rows(const struct sums_windows *x, int row, int rows)
{
  const int apart = x->width + 1, most = (SUMS_LINE + 1) / apart;
  if (most <= 1) {
    for (int s = 0; s < x->samples; s++) wide(x, s, row, rows);
    return;
  }
  for (int s = 0; s < x->samples; s += most) narrow(x, s, smaller(most, x->samples - s), row, rows);
}

void sums_windows(const struct sums_windows *x)
{
  const int tiles = (x->rows + SUMS_ROWS - 1) / SUMS_ROWS, each = (x->rows + tiles - 1) / tiles;
  for (int r = 0; r < x->rows; r += each) some_rows(x, x->row + r, smaller(each, x->rows - r));
}
