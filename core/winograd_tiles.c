/** @file
 *  Tiles of a plane, in runs: tiles of one tile row that are neighbours both there and in the lanes.
 *  A row of a run is a line; where it reaches beyond the plane, it goes through a padded copy. */
#include "core/winograd_tiles.h"

#include "core/simd.h"
#include "core/winograd.h"

#include <string.h>

enum { STEP = WINOGRAD_OUT, LINE = WINOGRAD_LANES * STEP + 2 };

struct run {
  int sample, row, column; /* of the first tile */
  int n, lane;
};

/** The run that begins at a tile of the block. */
static struct run run_at(const struct tile_grid *g, const struct tile_block *b, int lane)
{
  const int tile = b->first + lane, row = tile / g->across, column = tile % g->across;
  int n = g->across - column;
  if (n > b->n - lane) n = b->n - lane;
  if (n > WINOGRAD_LANES) n = WINOGRAD_LANES;
  return (struct run){row / g->down, row % g->down, column, n, lane};
}

/** A line of a run: columns [left, left + n) of a row, of which [from, to) are in the plane. */
struct line {
  int64_t at; /* of column `left` in the channel */
  int n, from, to;
};

/** Line i of tiles of a size; false where its row is beyond the plane. */
static bool line_at(const struct tile_grid *g, const struct run *r, int size, int i, struct line *l)
{
  const int row = STEP * r->row + i - g->begin[0], left = STEP * r->column - g->begin[1];
  if (row < 0 || row >= g->extent[0]) return false;
  l->at = ((int64_t)r->sample * g->extent[0] + row) * g->extent[1] + left;
  l->n = STEP * r->n + size - STEP;
  l->from = left < 0 ? -left : 0;
  l->to = g->extent[1] - left < l->n ? g->extent[1] - left : l->n;
  return l->from < l->to;
}

static bool is_whole(const struct line *l)
{
  return l->from == 0 && l->to == l->n;
}

/** The line with zeros beyond the plane: in place, or in the buffer [LINE]. */
static const real *padded(const struct line *l, const real *x, real *buffer)
{
  if (is_whole(l)) return x + l->at;
  memset(buffer, 0, (size_t)l->n * sizeof *buffer);
  memcpy(buffer + l->from, x + l->at + l->from, (size_t)(l->to - l->from) * sizeof *buffer);
  return buffer;
}

/** d[k][t] = line[4 t + k], k < size. */
SIMD static void spread(const real *restrict line, int n, int size, int64_t lanes, real *restrict d)
{
  real *restrict a = d, *restrict b = a + lanes, *restrict c = b + lanes, *restrict e = c + lanes;
  SIMD_INDEPENDENT
  for (int64_t t = 0; t < n; t++) {
    a[t] = line[4 * t];
    b[t] = line[4 * t + 1];
    c[t] = line[4 * t + 2];
    e[t] = line[4 * t + 3];
  }
  if (size == STEP) return;
  real *restrict p = e + lanes, *restrict q = p + lanes; /* those of the next tile */
  for (int64_t t = 0; t + 1 < n; t++) p[t] = a[t + 1];
  for (int64_t t = 0; t + 1 < n; t++) q[t] = b[t + 1];
  p[n - 1] = line[(int64_t)STEP * n];
  q[n - 1] = line[(int64_t)STEP * n + 1];
}

void tiles_gather(const struct tile_grid *g, const struct tile_block *b, int size, const real *x,
                  real *d)
{
  real buffer[LINE];
  for (int lane = 0; lane < b->n;) {
    const struct run r = run_at(g, b, lane);
    for (int i = 0; i < size; i++) {
      struct line l;
      real *to = d + (int64_t)i * size * b->lanes + lane;
      if (line_at(g, &r, size, i, &l)) {
        spread(padded(&l, x, buffer), r.n, size, b->lanes, to);
        continue;
      }
      for (int k = 0; k < size; k++)
        memset(to + (int64_t)k * b->lanes, 0, (size_t)r.n * sizeof *to);
    }
    lane += r.n;
  }
  if (b->n == b->lanes) return;
  for (int k = 0; k < size * size; k++)
    memset(d + (int64_t)k * b->lanes + b->n, 0, (size_t)(b->lanes - b->n) * sizeof *d);
}

/** line[4 t + k] = d[k][t] + bias, k < 4. */
SIMD static void join(const real *restrict d, int64_t lanes, int n, real bias, real *restrict line)
{
  const real *restrict a = d, *restrict b = a + lanes, *restrict c = b + lanes;
  const real *restrict e = c + lanes;
  SIMD_INDEPENDENT
  for (int64_t t = 0; t < n; t++) {
    line[4 * t] = a[t] + bias;
    line[4 * t + 1] = b[t] + bias;
    line[4 * t + 2] = c[t] + bias;
    line[4 * t + 3] = e[t] + bias;
  }
}

void tiles_scatter(const struct tile_grid *g, const struct tile_block *b, const real *d, real bias,
                   real *y)
{
  real buffer[LINE];
  for (int lane = 0; lane < b->n;) {
    const struct run r = run_at(g, b, lane);
    for (int i = 0; i < STEP; i++) {
      struct line l;
      if (!line_at(g, &r, STEP, i, &l)) continue;
      real *to = is_whole(&l) ? y + l.at : buffer;
      join(d + (int64_t)i * STEP * b->lanes + lane, b->lanes, r.n, bias, to);
      if (to == buffer)
        memcpy(y + l.at + l.from, buffer + l.from, (size_t)(l.to - l.from) * sizeof *y);
    }
    lane += r.n;
  }
}

/** line[4 t + k] += d[k][t], k < 6: tile t before tile t + 1, two places of which are the same. */
SIMD static void join_add(const real *restrict d, int64_t lanes, int n, real *restrict line)
{
  const real *restrict a = d, *restrict b = a + lanes, *restrict c = b + lanes;
  const real *restrict e = c + lanes, *restrict p = e + lanes, *restrict q = p + lanes;
  line[0] += a[0];
  line[1] += b[0];
  line[2] += c[0];
  line[3] += e[0];
  SIMD_INDEPENDENT
  for (int64_t t = 1; t < n; t++) {
    line[4 * t] = line[4 * t] + p[t - 1] + a[t];
    line[4 * t + 1] = line[4 * t + 1] + q[t - 1] + b[t];
    line[4 * t + 2] += c[t];
    line[4 * t + 3] += e[t];
  }
  line[(int64_t)STEP * n] += p[n - 1];
  line[(int64_t)STEP * n + 1] += q[n - 1];
}

void tiles_add(const struct tile_grid *g, const struct tile_block *b, const real *d, real *dx)
{
  real buffer[LINE];
  for (int lane = 0; lane < b->n;) {
    const struct run r = run_at(g, b, lane);
    for (int i = 0; i < WINOGRAD_IN; i++) {
      struct line l;
      if (!line_at(g, &r, WINOGRAD_IN, i, &l)) continue;
      const real *from = d + (int64_t)i * WINOGRAD_IN * b->lanes + lane;
      if (is_whole(&l)) {
        join_add(from, b->lanes, r.n, dx + l.at);
        continue;
      }
      (void)padded(&l, dx, buffer);
      join_add(from, b->lanes, r.n, buffer);
      memcpy(dx + l.at + l.from, buffer + l.from, (size_t)(l.to - l.from) * sizeof *dx);
    }
    lane += r.n;
  }
}
