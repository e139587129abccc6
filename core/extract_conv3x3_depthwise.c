/** @file
 *  A virtual depthwise 3x3 convolution:  gamma_u[k, d] = a[k, u + d] g[k, u], 9 K entries.
 *
 *  Per channel the nine entries are a window of a times one number, so their sums are window sums:
 *    sum = g box(a),  max = larger of g box_max(a) and g box_min(a),  min = the smaller,
 *    pos2 = g^2 box(a+^2) for g > 0, g^2 box(a-^2) else,  neg2 the other way round.
 *
 *  Sums over channels are in double, and so are the boxes of a, whose terms may cancel.  Squares of a
 *  cannot: their boxes are in the fields' own type, where a square and two additions along each axis
 *  make 5 u, u = 2^-24 for floats, so 2.5 u = 1.5e-7 of the root that a map holds, for |a| between
 *  1e-19 and 1e19.
 *
 *  A window is a pass along columns, then three neighbours in a row.  Where a has no negative entry, as
 *  behind every rectifier, its a-^2 is left out: the same bits. */
#include "core/window3_tile.h"

/* Channels that are asked of memory ahead of time. */
enum { AHEAD = 2 * WINDOW3_GROUP };

static size_t work_bytes(int width, int rows)
{
  (void)rows;
  return window3_tile_bytes(width);
}

SIMD_PART real larger(real a, real b)
{
  return a < b ? b : a;
}
SIMD_PART real smaller(real a, real b)
{
  return a > b ? b : a;
}
SIMD_PART real square_above_zero(real v)
{
  const real p = REAL(0.0) > v ? REAL(0.0) : v;
  return p * p;
}
SIMD_PART real square_below_zero(real v)
{
  const real m = REAL(0.0) < v ? REAL(0.0) : v;
  return m * m;
}

/** Sums and extremes over three rows. */
SIMD_PART void columns(const struct window3_channel *k, int n, unsigned wanted, bool negatives)
{
  const struct window3_channel to = *k;
  SIMD_INDEPENDENT
  for (int i = 0; i < n / WINDOW3_LANES * WINDOW3_LANES; i++) {
    const real x = to.above[i], y = to.a[i], z = to.below[i];
    if (wanted & STATS_SUM) to.sum[i] = (double)x + (double)y + (double)z;
    if (wanted & STATS_SQUARES && negatives) {
      to.pos2[i] = square_above_zero(x) + square_above_zero(y) + square_above_zero(z);
      to.neg2[i] = square_below_zero(x) + square_below_zero(y) + square_below_zero(z);
    }
    if (wanted & STATS_SQUARES && !negatives) to.pos2[i] = x * x + y * y + z * z;
    if (wanted & STATS_EXTREMES) to.max[i] = larger(larger(x, y), z);
    if (wanted & STATS_EXTREMES) to.min[i] = smaller(smaller(x, y), z);
  }
}

/** Zero behind a row that lies where it was: a copied one has it. */
SIMD_PART void end_row(const struct window3_channel *k, int n)
{
  k->sum[n] = 0.0;
  k->pos2[n] = k->neg2[n] = k->max[n] = k->min[n] = REAL(0.0);
}

/** The five at one position. */
struct five {
  double sum, pos2, neg2;
  real max, min;
};

/** Take the nine entries of one channel at element i into account. */
SIMD_PART struct five with(struct five s, const struct window3_channel *k, int i, bool negatives)
{
  const real g = k->g[i];
  const double v = (double)g, v2 = v * v;
  const real p = k->pos2[i - 1] + k->pos2[i] + k->pos2[i + 1];
  const real top = larger(larger(k->max[i - 1], k->max[i]), k->max[i + 1]);
  const real low = smaller(smaller(k->min[i - 1], k->min[i]), k->min[i + 1]);
  s.sum += v * (k->sum[i - 1] + k->sum[i] + k->sum[i + 1]);
  if (negatives) {
    const real m = k->neg2[i - 1] + k->neg2[i] + k->neg2[i + 1];
    s.pos2 += v2 * (double)(g > REAL(0.0) ? p : m);
    s.neg2 += v2 * (double)(g > REAL(0.0) ? m : p);
  } else {
    const double q = v2 * (double)p;
    s.pos2 += !(g <= REAL(0.0)) ? q : 0.0; /* both NaN for a NaN */
    s.neg2 += !(g > REAL(0.0)) ? q : 0.0;
  }
  s.max = larger(larger(s.max, g * top), g * low); /* one is the largest entry, one the smallest */
  s.min = smaller(smaller(s.min, g * top), g * low);
  return s;
}

/** Windows of a times g of `group` channels, into the accumulators. */
SIMD_PART void accumulate(const struct window3_tile *t, unsigned wanted, int group, bool negatives)
{
  const struct window3_tile at = *t;
  SIMD_INDEPENDENT
  for (int i = 0; i < at.n / WINDOW3_LANES * WINDOW3_LANES; i++) {
    struct five s = {at.sum[i], at.pos2[i], at.neg2[i], at.max[i], at.min[i]};
    s = with(s, &at.of[0], i, negatives);
    if (group > 1) s = with(s, &at.of[1], i, negatives);
    if (wanted & STATS_SUM) at.sum[i] = s.sum;
    if (wanted & STATS_SQUARES) at.pos2[i] = s.pos2, at.neg2[i] = s.neg2;
    if (wanted & STATS_MAX) at.max[i] = s.max;
    if (wanted & STATS_MIN) at.min[i] = s.min;
  }
}

/** The accumulators without the ends of rows. */
SIMD_PART void finish(const struct window3_tile *t, unsigned wanted, int width,
                      const struct stats *s)
{
  for (int r = 0; r < t->rows; r++) {
    SIMD_INDEPENDENT
    for (int c = 0; c < width; c++) {
      const int64_t i = (int64_t)r * t->pitch + c, u = (int64_t)r * width + c;
      if (wanted & STATS_SUM) s->sum[u] = t->sum[i];
      if (wanted & STATS_SQUARES) s->pos2[u] = t->pos2[i], s->neg2[u] = t->neg2[i];
      if (wanted & STATS_MAX) s->max[u] = stats_unless_nan((double)t->max[i], t->pos2[i]);
      if (wanted & STATS_MIN) s->min[u] = stats_unless_nan((double)t->min[i], t->pos2[i]);
    }
  }
}

SIMD_PART void take_of(const struct window3_tile *t, unsigned wanted, int group, bool negatives)
{
  for (int j = 0; j < group; j++) {
    columns(&t->of[j], t->n, wanted, negatives);
    if (!t->copied) end_row(&t->of[j], t->pitch);
  }
  accumulate(t, wanted, group, negatives);
}

/** Take `group` channels from k on into account. */
SIMD_PART void take(const struct extract_call *c, struct window3_tile *t, unsigned wanted,
                    int group, int k)
{
  bool negatives = false;
  for (int j = 0; j < group; j++) {
    window3_tile_fetch(c, t, k + j + AHEAD);
    window3_tile_read(c, t, k + j, &t->of[j]);
    negatives = negatives || window3_tile_is_signed(t, &t->of[j]);
  }
  if (negatives) {
    take_of(t, wanted, group, true);
  } else {
    take_of(t, wanted, group, false);
  }
}

SIMD_PART void band(const struct extract_call *c, unsigned wanted)
{
  const int most = window3_tile_rows(c->at.width), tiles = (c->rows + most - 1) / most;
  const int each = (c->rows + tiles - 1) / tiles;
  for (int row = 0; row < c->rows; row += each) {
    const struct stats out = stats_from(c->out, (int64_t)row * c->at.width);
    struct window3_tile t;
    int k = 0;
    window3_tile_begin(c, c->row + row, c->rows - row < each ? c->rows - row : each, &t);
    for (; k + WINDOW3_GROUP <= c->at.channels; k += WINDOW3_GROUP)
      take(c, &t, wanted, WINDOW3_GROUP, k);
    for (; k < c->at.channels; k++) take(c, &t, wanted, 1, k);
    finish(&t, wanted, c->at.width, &out);
  }
}

#define BAND_OF(name, wanted)                         \
  SIMD static void name(const struct extract_call *c) \
  {                                                   \
    band(c, wanted);                                  \
  }
BAND_OF(band_sum, STATS_SUM)
BAND_OF(band_squares, STATS_SQUARES)
BAND_OF(band_sum_squares, STATS_SUM | STATS_SQUARES)
BAND_OF(band_all, STATS_ALL)
BAND_OF(band_all_but_min, STATS_SUM | STATS_SQUARES | STATS_MAX)

static void run(const struct extract_call *c)
{
  static void (*const of[N_STATS_SETS])(const struct extract_call *) = {
      band_sum, band_squares, band_sum_squares, band_all, band_all};
  if (c->wanted & STATS_EXTREMES && !(c->wanted & STATS_MIN)) {
    band_all_but_min(c);
  } else {
    of[stats_set(c->wanted)](c);
  }
}

const struct extract extract_conv3x3_depthwise = {
    .name = "conv3x3_depthwise",
    .formula = "gamma_u[k, d] = a[k, u + d] g[k, u] over the zero-padded 3x3 window d",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, phase 1",
    .reads_activation = true,
    .work_bytes = work_bytes,
    .run = run,
};
