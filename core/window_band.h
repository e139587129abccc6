#pragma once
/* A band of rows of a plane, copied with room at all sides: loops of vectors over windows then have no
 * borders, cells of a window are at fixed offsets, and the tensor is read from front to end.  Parts
 * of functions marked SIMD. */
#include "core/lanes.h"
#include "core/window.h"

#include <stdbool.h>

struct band {
  real *rows; /* [n_rows, pitch] */
  int n_rows, pitch, left;
};

/* Elements that a band should not exceed: a first-level cache holds them. */
enum { BAND_ELEMENTS = 1024 };

/** A band for rows of n columns, looked at from column -left to `right`, excluded; with at least `few`
 *  rows and `more` as many times as it has room for, at most `most` times.  The memory is still to be
 *  given. */
static inline struct band band_of(int n, int left, int right, int few, int more, int most)
{
  const int copied = lanes_up(n) + LANES, pitch = left + (copied > right ? copied : right);
  const int room = BAND_ELEMENTS / pitch - few;
  const int times = room < more ? 0 : room / more < most ? room / more : most;
  return (struct band){.n_rows = few + times * more, .pitch = pitch, .left = left};
}

static inline size_t band_count(const struct band *b)
{
  return (size_t)b->n_rows * (size_t)b->pitch;
}

/** Column 0 of row i of the band. */
static inline real *band_row(const struct band *b, int i)
{
  return b->rows + (int64_t)i * b->pitch + b->left;
}

/** Fill the band with what lies beside the planes. */
SIMD_PART void band_fill(const struct band *b, real outside)
{
  const size_t n = band_count(b);
  for (size_t i = 0; i < n; i++) b->rows[i] = outside;
}

/** to[i] = from[i] for n columns, in whole vectors where the tensor has enough `after` from; what they
 *  bring too much is overwritten by `outside`. */
SIMD_PART void band_copy_row(real *to, const real *from, int n, int64_t after, real outside)
{
  if (after >= lanes_up(n)) {
    for (int i = 0; i < n; i += LANES) lanes_store(to + i, lanes_load(from + i));
  } else {
    for (int i = 0; i < n; i++) to[i] = from[i];
  }
  lanes_store(to + n, lanes_all(outside));
}

/* Elements that should lie between the writing of a row and its use: what was just written is slow to
 * be read across the vectors it was written in, until it has left the core's queue of stores. */
enum { BAND_AHEAD = 64 };

/** Where the rows of a band come from. */
struct band_source {
  const real *x;        /* [planes, in], `total` elements */
  int64_t total, plane; /* where the plane in work begins */
  const int *in;        /* [2] its rows and columns */
  int first;            /* the row of the plane that is row 0 of the band; may lie outside */
  real outside;         /* what lies beside and above and below the plane */
};

/** Copy rows of the band, of which `done` are there, so that row `used` is, and some ahead; returns
 *  how many there are then.  Beside the rows it was filled with `outside`. */
SIMD_PART int band_copy(const struct band *b, const struct band_source *s, int done, int used)
{
  const int ahead = used + 2 + BAND_AHEAD / b->pitch * 2;
  const int n = ahead < b->n_rows ? ahead : b->n_rows, width = s->in[1];
  for (int i = done; i < n; i++) {
    const int64_t at = s->plane + (int64_t)(s->first + i) * width;
    real *to = band_row(b, i);
    if (s->first + i >= 0 && s->first + i < s->in[0]) {
      band_copy_row(to, s->x + at, width, s->total - at, s->outside);
    } else {
      for (int c = 0; c < width; c++) to[c] = s->outside;
    }
  }
  return n > done ? n : done;
}

/** to[l] = v[l], or += v[l] where not `set`, in the `left` columns that its row still has.  The tensor
 *  has `after` elements from `to` on: rows are set in ascending order, so what goes beyond a row is
 *  overwritten by the next one. */
SIMD_PART void band_give(real *to, lanes v, int left, int64_t after, bool set)
{
  if (set && (left >= LANES || after >= LANES)) {
    lanes_store(to, v);
  } else if (left >= LANES) {
    lanes_store(to, lanes_load(to) + v);
  } else {
    for (int l = 0; l < left; l++) to[l] = set ? v[l] : to[l] + v[l];
  }
}

/** What the windows of outputs [out] look at, some rows of outputs at a time. */
static inline struct band band_of_windows(const struct window *w, const int in[2], const int out[2])
{
  const int right = lanes_up(out[1]) * w->stride[1] + (w->kernel[1] - 1) * w->dilation[1] + LANES;
  return band_of(in[1], w->begin[1], right, (w->kernel[0] - 1) * w->dilation[0] + 1, w->stride[0],
                 out[0] - 1);
}

/** Rows that output row 0 of such a band looks at, less one. */
static inline int band_reach(const struct window *w)
{
  return (w->kernel[0] - 1) * w->dilation[0];
}

/** Rows of outputs that such a band is good for. */
static inline int band_outputs(const struct band *b, const struct window *w)
{
  return (b->n_rows - band_reach(w) - 1) / w->stride[0] + 1;
}
