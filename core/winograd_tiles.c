/** @file
 *  Tiles of a plane.  One row of all tiles is a line, step elements a tile, into which the rows of the
 *  runs are copied with zeros beyond the plane; the `over` columns in which a tile overlaps the next one
 *  are that one's first. */
#include "core/winograd_tiles.h"

#include "core/simd.h"

#include <assert.h>

enum {
  LANES = WINOGRAD_LANES,
  STEP = 4,  /* the larger one */
  ROOM = 16, /* elements that are copied at once, also beyond the end of a run */
  LINE = LANES * STEP + ROOM
};

void tiles_map(const struct tile_grid *g, int first, int n, struct tile_map *m)
{
  assert(n <= LANES && g->step <= STEP);
  *m = (struct tile_map){.step = g->step,
                         .size = g->size,
                         .width = g->extent[1],
                         .total = (int64_t)g->batch * g->extent[0] * g->extent[1]};
  for (int lane = 0; lane < n; m->runs++) {
    const int tile = first + lane, row = tile / g->across, column = tile % g->across;
    const int top = g->step * (row % g->down) - g->begin[0], left = g->step * column - g->begin[1];
    const int count = g->across - column < n - lane ? g->across - column : n - lane;
    const int columns = g->step * count + g->size - g->step;
    struct tile_run r = {.lane = lane,
                         .n = count,
                         .at =
                             ((int64_t)(row / g->down) * g->extent[0] + top) * g->extent[1] + left,
                         .top = top < 0 ? -top : 0,
                         .bottom = g->extent[0] - top < g->size ? g->extent[0] - top : g->size,
                         .from = left < 0 ? -left : 0,
                         .to = g->extent[1] - left < columns ? g->extent[1] - left : columns};
    if (r.from >= r.to) r.bottom = 0; /* nothing of it is in the plane */
    m->run[m->runs] = r;
    lane += count;
  }
}

SIMD_PART bool has_row(const struct tile_run *r, int i)
{
  return i >= r->top && i < r->bottom;
}

SIMD_PART void zero(real *line, int from, int to)
{
  for (int j = from; j < to; j++) line[j] = REAL(0.0);
}

/** n elements; `room` elements can be read from x on, and ROOM written behind the last.  Those of the
 *  next channel, which begins `total` elements later, are asked for. */
SIMD_PART void copy_wide(const real *restrict x, int n, int64_t room, int64_t total,
                         real *restrict to)
{
  int j = 0;
  for (; j < n && room - j >= ROOM; j += ROOM) {
    __builtin_prefetch(x + total + j);
    for (int k = 0; k < ROOM; k++) to[j + k] = x[j + k];
  }
  for (; j < n; j++) to[j] = x[j];
}

/** Row i of all tiles, without what overlaps. */
SIMD_PART void fill_line(const struct tile_map *m, int step, int i, const real *x, real *line)
{
  for (int k = 0; k < m->runs; k++) {
    const struct tile_run *r = m->run + k;
    const int n = r->n * step, end = r->to < n ? r->to : n;
    real *to = line + (int64_t)r->lane * step;
    if (!has_row(r, i)) {
      zero(to, 0, n);
      continue;
    }
    const int64_t from = r->at + i * m->width + r->from;
    zero(to, 0, r->from < n ? r->from : n);
    copy_wide(x + from, end - r->from, m->total - from, m->total, to + r->from);
    zero(to, end, n);
  }
}

/** d[k][t] = line[step t + k], k < step. */
SIMD_PART void split(const real *restrict line, int step, real *restrict d)
{
  for (int64_t k = 0; k < step; k++)
    for (int64_t t = 0; t < LANES; t++) d[k * LANES + t] = line[step * t + k];
}

/** d[step + k][t] = d[k][t + 1], and the last tile of a run from the plane. */
SIMD_PART void overlap(const struct tile_map *m, int step, int over, int i, const real *x, real *d)
{
  for (int k = 0; k < over; k++) {
    real *to = d + (step + k) * (int64_t)LANES;
    const real *next = d + k * (int64_t)LANES;
    for (int t = 0; t + 1 < LANES; t++) to[t] = next[t + 1];
    for (int q = 0; q < m->runs; q++) {
      const struct tile_run *r = m->run + q;
      const int column = r->n * step + k;
      const bool inside = has_row(r, i) && column >= r->from && column < r->to;
      to[r->lane + r->n - 1] = inside ? x[r->at + i * m->width + column] : REAL(0.0);
    }
  }
}

SIMD_PART void gather(const struct tile_map *m, int step, int over, const real *x, real *d)
{
  real line[LINE] = {0};
  for (int i = 0; i < step + over; i++, d += (step + over) * (int64_t)LANES) {
    fill_line(m, step, i, x, line);
    split(line, step, d);
    overlap(m, step, over, i, x, d);
  }
}

SIMD static void gather_any(const struct tile_map *m, const real *x, real *d)
{
  if (m->step == 2) {
    gather(m, 2, 0, x, d);
  } else if (m->size == STEP) {
    gather(m, STEP, 0, x, d);
  } else if (m->size == STEP + 1) {
    gather(m, STEP, 1, x, d);
  } else {
    gather(m, STEP, 2, x, d);
  }
}

void tiles_gather(const struct tile_map *m, const real *x, real *d)
{
  gather_any(m, x, d);
}

/** line[step t + k] = d[k][t] + bias, k < step. */
SIMD_PART void join(const real *restrict d, int step, real bias, real *restrict line)
{
  for (int64_t t = 0; t < LANES; t++)
    for (int64_t k = 0; k < step; k++) line[step * t + k] = d[k * LANES + t] + bias;
}

/** n elements and no more; where those of the next channel go is asked for. */
SIMD_PART void copy_narrow(const real *restrict x, int n, int64_t total, real *restrict to)
{
  int j = 0;
  for (int k = 0; k < n; k += ROOM) __builtin_prefetch(to + total + k, 1);
  for (; j + ROOM <= n; j += ROOM)
    for (int k = 0; k < ROOM; k++) to[j + k] = x[j + k];
  for (int half = ROOM / 2; half > 0; half /= 2) {
    if (!(n & half)) continue;
    for (int k = 0; k < half; k++) to[j + k] = x[j + k];
    j += half;
  }
}

SIMD_PART void scatter(const struct tile_map *m, int step, const real *d, real bias, real *y)
{
  real line[LINE];
  for (int i = 0; i < step; i++, d += step * (int64_t)LANES) {
    join(d, step, bias, line);
    for (int k = 0; k < m->runs; k++) {
      const struct tile_run *r = m->run + k;
      if (!has_row(r, i)) continue;
      copy_narrow(line + (int64_t)r->lane * step + r->from, r->to - r->from, m->total,
                  y + r->at + i * m->width + r->from);
    }
  }
}

SIMD static void scatter_any(const struct tile_map *m, const real *d, real bias, real *y)
{
  if (m->step == 2) {
    scatter(m, 2, d, bias, y);
  } else {
    scatter(m, STEP, d, bias, y);
  }
}

void tiles_scatter(const struct tile_map *m, const real *d, real bias, real *y)
{
  scatter_any(m, d, bias, y);
}

/** own[4 t + k] = d[k][t], and what the tile before has there, too: before[4 t + k] = d[4 + k][t - 1],
 *  where there is none -0, which changes nothing. */
SIMD_PART void spread(const struct tile_map *m, int over, const real *restrict d,
                      real *restrict own, real *restrict before)
{
  real last[2][LANES] = {0};
  for (int64_t k = 0; k < over; k++) {
    for (int64_t t = 1; t < LANES; t++) last[k][t] = d[(STEP + k) * LANES + t - 1];
    for (int q = 0; q < m->runs; q++) last[k][m->run[q].lane] = -REAL(0.0);
  }
  for (int64_t t = 0; t < LANES; t++) {
    for (int64_t k = 0; k < STEP; k++) own[STEP * t + k] = d[k * LANES + t];
    for (int64_t k = 0; k < STEP; k++) before[STEP * t + k] = k < over ? last[k][t] : -REAL(0.0);
  }
}

SIMD_PART void add_run(const struct tile_run *r, const real *restrict own,
                       const real *restrict before, real *restrict dx)
{
  const int n = r->n * STEP, end = r->to < n ? r->to : n;
  for (int j = r->from; j < end; j++) dx[j] = dx[j] + before[j] + own[j];
}

SIMD_PART void add(const struct tile_map *m, int over, const real *d, real *dx)
{
  const int size = STEP + over;
  real own[STEP + 2][LINE], before[STEP + 2][LINE];
  for (int i = 0; i < size; i++) spread(m, over, d + (int64_t)i * size * LANES, own[i], before[i]);
  for (int k = 0; k < m->runs; k++) {
    const struct tile_run *r = m->run + k;
    for (int i = r->top; i < r->bottom; i++) {
      real *to = dx + r->at + i * m->width;
      for (int j = r->from; j < r->to; j += ROOM) __builtin_prefetch(to + m->total + j, 1);
      add_run(r, own[i] + (int64_t)r->lane * STEP, before[i] + (int64_t)r->lane * STEP, to);
      for (int j = r->n * STEP > r->from ? r->n * STEP : r->from; j < r->to; j++)
        to[j] += d[(i * size + STEP + j - r->n * STEP) * (int64_t)LANES + r->lane + r->n - 1];
    }
  }
}

SIMD static void add_any(const struct tile_map *m, const real *d, real *dx)
{
  if (m->size == STEP + 1) {
    add(m, 1, d, dx);
  } else {
    add(m, 2, d, dx);
  }
}

void tiles_add(const struct tile_map *m, const real *d, real *dx)
{
  add_any(m, d, dx);
}
