/** @file
 *  Gathering over windows.  A tile has `stride` times eight columns; those of one remainder by the
 *  stride belong to neighbouring outputs and make one vector. */
#include "core/window_gather.h"

#include "core/window_band.h"

/** What one cell of the windows gives: weight times dy at `offset`. */
struct term {
  int64_t offset;     /* from the outputs that row 0 and column 0 of a tile belong to */
  const real *weight; /* [LANES] all the same */
};

/** The scratch, cut up. */
struct state {
  struct band dy;
  real *weight;      /* [cells, LANES] */
  struct term *term; /* [cells] by remainders of row and column, then by ascending output */
  int *first;        /* [stride, stride + 1] where those of two remainders begin */
};

/** Rows that look at one row of dx, less one. */
static int above(const struct window_gather *g)
{
  const struct window *w = g->window;
  return ((w->kernel[0] - 1) * w->dilation[0] + w->stride[0] - 1) / w->stride[0];
}

/** Room for `stride` rows of dx, and as many times more as fit. */
static struct band band_for(const struct window_gather *g)
{
  const struct window *w = g->window;
  const int before = (w->kernel[1] - 1) * w->dilation[1] - w->begin[1];
  const int tile = LANES * w->stride[1], tiles = (g->in[1] + tile - 1) / tile;
  const int right = tiles * LANES + w->begin[1] / w->stride[1] + 1;
  return band_of(g->out[1], before > 0 ? before / w->stride[1] + 1 : 0, right, above(g) + 2, 1,
                 g->in[0] / w->stride[0]);
}

/** Rows of dx that a band is good for: a multiple of the stride. */
static int band_height(const struct window_gather *g, const struct band *b)
{
  return (b->n_rows - above(g) - 1) * g->window->stride[0];
}

static size_t cells_of(const struct window_gather *g)
{
  return (size_t)g->window->kernel[0] * (size_t)g->window->kernel[1];
}

size_t window_gather_bytes(const struct window_gather *g)
{
  const struct window *w = g->window;
  const struct band b = band_for(g);
  return cells_of(g) * sizeof(struct term) + (band_count(&b) + LANES * cells_of(g)) * sizeof(real) +
         (size_t)w->stride[0] * (size_t)(w->stride[1] + 1) * sizeof(int);
}

static struct state state_of(const struct window_gather *g)
{
  struct state s = {.term = g->work, .dy = band_for(g)};
  s.weight = (real *)(s.term + cells_of(g));
  s.dy.rows = s.weight + LANES * cells_of(g);
  s.first = (int *)(s.dy.rows + band_count(&s.dy));
  for (size_t i = 0; i < LANES * cells_of(g); i++)
    s.weight[i] = g->weights ? g->weights[i / LANES] : REAL(1.0);
  return s;
}

/** Terms of the rows of remainder `rest` and the columns of remainder p, from term n on. */
static int add_terms(const struct window_gather *g, const struct state *s, int rest, int p, int n)
{
  const struct window *w = g->window;
  for (int kh = w->kernel[0] - 1; kh >= 0; kh--) {
    const int up = rest - kh * w->dilation[0];
    if (up % w->stride[0]) continue;
    for (int kw = w->kernel[1] - 1; kw >= 0; kw--) {
      const int at = p + w->begin[1] - kw * w->dilation[1];
      if (at % w->stride[1]) continue;
      const int64_t cell = (int64_t)kh * w->kernel[1] + kw;
      const int64_t rows = up / w->stride[0] * (int64_t)s->dy.pitch;
      s->term[n++] = (struct term){rows + at / w->stride[1], s->weight + cell * LANES};
    }
  }
  return n;
}

static void set_terms(const struct window_gather *g, const struct state *s)
{
  const struct window *w = g->window;
  int n = 0, *first = s->first;
  for (int rest = 0; rest < w->stride[0]; rest++) {
    for (int p = 0; p < w->stride[1]; p++) {
      *first++ = n;
      n = add_terms(g, s, rest, p, n);
    }
    *first++ = n;
  }
}

/** A row of dx in work, where the tensor goes on from it, and the outputs it belongs to. */
struct row {
  real *dx;
  int width;
  int64_t after;
  bool set;
  const real *dy;
};

/** The sum of n terms for vector number i / LANES of the columns of their remainder. */
SIMD_PART lanes sum_terms(const struct row *r, const struct term *t, int n, int i)
{
  lanes sum = lanes_all(REAL(0.0));
  for (int j = 0; j < n; j++) sum += lanes_load(t[j].weight) * lanes_load(r->dy + t[j].offset + i);
  return sum;
}

/** Sixteen columns, from c on, from even and odd ones. */
SIMD_PART void give_in_turn(const struct row *r, int c, lanes even, lanes odd)
{
  real v[2 * LANES], *dx = r->dx + c;
  const int left = r->width - c;
  const int64_t after = r->after - c;
  if (r->set && (left >= 2 * LANES || after >= (int64_t)2 * LANES)) {
    lanes_store_in_turn(dx, even, odd);
    return;
  }
  lanes_store_in_turn(v, even, odd);
  band_give(dx, lanes_load(v), left, after, r->set);
  if (left > LANES)
    band_give(dx + LANES, lanes_load(v + LANES), left - LANES, after - LANES, r->set);
}

static void give_apart(const struct row *r, int c, const real *v, int step)
{
  for (int l = 0; l < LANES && c < r->width; l++, c += step)
    r->dx[c] = r->set ? v[l] : r->dx[c] + v[l];
}

/** Stride 1, n terms. */
SIMD_PART void row_by_1(const struct row *r, const struct term *t, int n)
{
  for (int c = 0; c < r->width; c += LANES)
    band_give(r->dx + c, sum_terms(r, t, n, c), r->width - c, r->after - c, r->set);
}

/** Stride 2, n terms in even columns and m in odd ones. */
SIMD_PART void row_by_2(const struct row *r, const struct term *t, int n, int m)
{
  for (int c = 0; c < r->width; c += 2 * LANES)
    give_in_turn(r, c, sum_terms(r, t, n, c / 2), sum_terms(r, t + n, m, c / 2));
}

/** Any stride; terms of remainder p from number first[p] on, t being number first[0]. */
SIMD_PART void row_by_any(const struct row *r, const struct term *t, int stride, const int *first)
{
  for (int p = 0; p < stride; p++) {
    for (int i = 0; p + i * stride < r->width; i += LANES) {
      real v[LANES];
      lanes_store(v, sum_terms(r, t + first[p] - first[0], first[p + 1] - first[p], i));
      give_apart(r, p + i * stride, v, stride);
    }
  }
}

/** The usual numbers of terms are compiled apart: 2 x 2 and 3 x 3 with stride 2, 3 x 3 with stride 1. */
SIMD_PART void row_of(const struct row *r, const struct term *t, int stride, const int *first)
{
  const int n = first[1] - first[0], m = stride == 2 ? first[2] - first[1] : 0;
  if (stride == 2 && n == 1 && m == 1) {
    row_by_2(r, t, 1, 1);
  } else if (stride == 2 && n == 4 && m == 2) {
    row_by_2(r, t, 4, 2);
  } else if (stride == 2 && n == 2 && m == 1) {
    row_by_2(r, t, 2, 1);
  } else if (stride == 2 && n == 2 && m == 4) {
    row_by_2(r, t, 2, 4);
  } else if (stride == 2 && n == 1 && m == 2) {
    row_by_2(r, t, 1, 2);
  } else if (stride == 2) {
    row_by_2(r, t, n, m);
  } else if (stride == 1 && n == 9) {
    row_by_1(r, t, 9);
  } else if (stride == 1) {
    row_by_1(r, t, n);
  } else {
    row_by_any(r, t, stride, first);
  }
}

/** Rows of dx from row h on that one band is good for; the planes begin at dy[from] and dx[to]. */
SIMD_PART void band_rows(const struct window_gather *g, const struct state *s, int64_t from,
                         int64_t to, int h)
{
  const struct window *w = g->window;
  const int height = band_height(g, &s->dy), end = h + height < g->in[0] ? h + height : g->in[0];
  const struct band_source dy = {
      g->dy, g->dy_total, from, g->out, (h + w->begin[0]) / w->stride[0] - above(g), REAL(0.0)};
  int done = 0;
  for (; h < end; h++) {
    const int u = h + w->begin[0], base = u / w->stride[0] - dy.first;
    const int *first = s->first + (int64_t)(u % w->stride[0]) * (w->stride[1] + 1);
    const int64_t at = to + (int64_t)h * g->in[1];
    done = band_copy(&s->dy, &dy, done, base);
    const struct row r = {g->dx + at, g->in[1], g->dx_total - at, g->set, band_row(&s->dy, base)};
    row_of(&r, s->term + first[0], w->stride[1], first);
  }
}

SIMD static void gather(const struct window_gather *g, const struct state *s, int64_t from,
                        int64_t to, int64_t n)
{
  const int64_t dy = (int64_t)g->out[0] * g->out[1], dx = (int64_t)g->in[0] * g->in[1];
  const int height = band_height(g, &s->dy);
  band_fill(&s->dy, REAL(0.0));
  for (int64_t i = 0; i < n; i++)
    for (int h = 0; h < g->in[0]; h += height) band_rows(g, s, (from + i) * dy, (to + i) * dx, h);
}

void window_gather(const struct window_gather *g, int64_t from, int64_t to, int64_t n)
{
  const struct state s = state_of(g);
  set_terms(g, &s);
  gather(g, &s, from, to, n);
}
