/** @file
 *  The five sums over the entries of an extract.
 *
 *  Sums are in double: the product of two floats is exact there.  The extremes are taken in the
 *  fields' own type: rounding keeps order, so the largest of the rounded entries is the largest entry
 *  rounded, which is what a map holds.  Positions are the vector lanes, and at each of them channels
 *  are added in order, so the bits depend neither on the instruction set nor on how positions are
 *  grouped, and a set of statistics gives the bits that every larger set gives. */
#include "core/stats.h"

#include "core/simd.h"

#include <math.h>
#include <stddef.h>

/* gcc 12 does not vectorise clones of functions that other files see: those here are static.
 *
 * Positions handled together, so that their accumulators stay in the first-level cache while the
 * channels stream by, channels handled together, so that those are loaded once for so many, and the
 * positions of one vector. */
enum { BLOCK = 256, GROUP = 4, LANES = 8 };

/* Channels that are asked of memory ahead of time, and a line of the caches.  Hardware does not see
 * blocks of channels coming; to the second level, where more requests can be on their way than to the
 * first, it is half as long again that large fields take without. */
enum { AHEAD = 8, CACHE_LINE = 64 / sizeof(real), SECOND_LEVEL = 2 };

struct accumulators {
  double sum[BLOCK], pos2[BLOCK], neg2[BLOCK];
  real max[BLOCK], min[BLOCK], nan[BLOCK];
};

/** Where entries come from: a field, or its product with another or with a weight a channel. */
struct source {
  const real *a;
  const real *g;   /* NULL but for products */
  const double *w; /* NULL but for weighted fields */
  int64_t stride;
};

enum kind { CHANNELS, PRODUCTS, WEIGHTED };

/** The five at one position. */
struct five {
  double sum, pos2, neg2;
  real max, min, nan; /* nan: any NaN among the entries */
};

/** Take one entry, exact or in double, and rounded, into account. */
SIMD_PART struct five with(struct five s, double e, real rounded)
{
  const double p = 0.0 > e ? 0.0 : e, m = 0.0 < e ? 0.0 : e; /* both NaN for a NaN */
  s.sum += e;
  s.pos2 += p * p;
  s.neg2 += m * m;
  s.max = s.max < rounded ? rounded : s.max;
  s.min = s.min > rounded ? rounded : s.min;
  s.nan = rounded != rounded ? rounded : s.nan;
  return s;
}

/** Take channel k at position u into account. */
SIMD_PART struct five with_channel(enum kind kind, struct five s, const struct source *x, int64_t k,
                                   int64_t u)
{
  const int64_t i = k * x->stride + u;
  if (kind == PRODUCTS) return with(s, (double)x->a[i] * (double)x->g[i], x->a[i] * x->g[i]);
  if (kind == CHANNELS) return with(s, (double)x->a[i], x->a[i]);
  return with(s, x->w[k] * (double)x->a[i], (real)(x->w[k] * (double)x->a[i]));
}

/** Take `group` channels from k on into account at n positions. */
SIMD_PART void add(enum kind kind, unsigned wanted, int group, const struct source *source, int k,
                   int n, struct accumulators *s)
{
  const struct source x = *source;
  SIMD_INDEPENDENT
  for (int u = 0; u < n; u++) {
    struct five f = {s->sum[u], s->pos2[u], s->neg2[u], s->max[u], s->min[u], s->nan[u]};
    f = with_channel(kind, f, &x, k, u);
    if (group > 1) f = with_channel(kind, f, &x, k + 1, u);
    if (group > 2) f = with_channel(kind, f, &x, k + 2, u);
    if (group > 3) f = with_channel(kind, f, &x, k + 3, u);
    if (wanted & STATS_SUM) s->sum[u] = f.sum;
    if (wanted & STATS_SQUARES) s->pos2[u] = f.pos2, s->neg2[u] = f.neg2;
    if (wanted & STATS_EXTREMES) s->max[u] = f.max, s->min[u] = f.min;
    if (wanted == STATS_EXTREMES) s->nan[u] = f.nan;
  }
}

SIMD_PART void fetch(const real *v, int n)
{
  for (int u = 0; u < n; u += CACHE_LINE) __builtin_prefetch(v + u, 0, SECOND_LEVEL);
}

/** Ask for n positions of the channels that come later. */
SIMD_PART void fetch_group(enum kind kind, const struct source *x, int k, int channels, int n)
{
  for (int64_t j = k + AHEAD; j < k + AHEAD + GROUP && j < channels; j++) {
    fetch(x->a + j * x->stride, n);
    if (kind == PRODUCTS) fetch(x->g + j * x->stride, n);
  }
}

/** Stats of n <= BLOCK positions over all channels. */
SIMD_PART void block(enum kind kind, unsigned wanted, const struct source *x, int channels, int n,
                     const struct stats *out)
{
  struct accumulators s;
  SIMD_INDEPENDENT
  for (int u = 0; u < n; u++) {
    s.sum[u] = s.pos2[u] = s.neg2[u] = 0.0;
    s.max[u] = -(real)INFINITY;
    s.min[u] = (real)INFINITY;
    s.nan[u] = REAL(0.0);
  }
  int k = 0;
  for (; k + GROUP <= channels; k += GROUP) {
    fetch_group(kind, x, k, channels, n);
    add(kind, wanted, GROUP, x, k, n, &s);
  }
  for (; k < channels; k++) add(kind, wanted, 1, x, k, n, &s);
  SIMD_INDEPENDENT
  for (int u = 0; u < n; u++) {
    if (wanted & STATS_SUM) out->sum[u] = s.sum[u];
    if (wanted & STATS_SQUARES) out->pos2[u] = s.pos2[u], out->neg2[u] = s.neg2[u];
    if (wanted & STATS_EXTREMES) {
      const double witness = wanted == STATS_EXTREMES ? (double)s.nan[u] : s.pos2[u];
      out->max[u] = stats_unless_nan((double)s.max[u], witness);
      out->min[u] = stats_unless_nan((double)s.min[u], witness);
    }
  }
}

typedef void of_block(const struct source *x, int channels, int n, const struct stats *out);

#define BLOCK_OF(name, kind, wanted)                                                          \
  SIMD static void name(const struct source *x, int channels, int n, const struct stats *out) \
  {                                                                                           \
    block(kind, wanted, x, channels, n, out);                                                 \
  }
BLOCK_OF(channels_sum, CHANNELS, STATS_SUM)
BLOCK_OF(channels_squares, CHANNELS, STATS_SQUARES)
BLOCK_OF(channels_sum_squares, CHANNELS, STATS_SUM | STATS_SQUARES)
BLOCK_OF(channels_extremes, CHANNELS, STATS_EXTREMES)
BLOCK_OF(channels_all, CHANNELS, STATS_ALL)
BLOCK_OF(products_sum, PRODUCTS, STATS_SUM)
BLOCK_OF(products_squares, PRODUCTS, STATS_SQUARES)
BLOCK_OF(products_sum_squares, PRODUCTS, STATS_SUM | STATS_SQUARES)
BLOCK_OF(products_extremes, PRODUCTS, STATS_EXTREMES)
BLOCK_OF(products_all, PRODUCTS, STATS_ALL)
BLOCK_OF(weighted_sum, WEIGHTED, STATS_SUM)
BLOCK_OF(weighted_squares, WEIGHTED, STATS_SQUARES)
BLOCK_OF(weighted_sum_squares, WEIGHTED, STATS_SUM | STATS_SQUARES)
BLOCK_OF(weighted_extremes, WEIGHTED, STATS_EXTREMES)
BLOCK_OF(weighted_all, WEIGHTED, STATS_ALL)

static void at_block(of_block *of, struct source x, int channels, int first, int n,
                     const struct stats *s)
{
  const struct stats out = stats_from(s, first);
  x.a += first;
  if (x.g) x.g += first;
  of(&x, channels, n, &out);
}

/** All positions, block by block.  What is left beyond whole vectors is made together with positions
 *  before it once more, to the same bits: a scalar loop would take longer. */
static void blocks(of_block *const of[N_STATS_SETS], const struct source *x, int channels, int n,
                   unsigned wanted, const struct stats *s)
{
  of_block *const one = of[stats_set(wanted)];
  const int whole = n < LANES ? n : n / LANES * LANES;
  for (int first = 0; first < whole; first += BLOCK)
    at_block(one, *x, channels, first, whole - first < BLOCK ? whole - first : BLOCK, s);
  if (whole < n) at_block(one, *x, channels, n - LANES, LANES, s);
}

void stats_of_channels(const real *v, int channels, int64_t stride, int n, unsigned wanted,
                       const struct stats *s)
{
  static of_block *const of[] = {channels_sum, channels_squares, channels_sum_squares,
                                 channels_extremes, channels_all};
  blocks(of, &(struct source){.a = v, .stride = stride}, channels, n, wanted, s);
}

void stats_of_products(const real *a, const real *g, int channels, int64_t stride, int n,
                       unsigned wanted, const struct stats *s)
{
  static of_block *const of[] = {products_sum, products_squares, products_sum_squares,
                                 products_extremes, products_all};
  blocks(of, &(struct source){.a = a, .g = g, .stride = stride}, channels, n, wanted, s);
}

void stats_of_weighted(const real *a, const double *w, int channels, int64_t stride, int n,
                       unsigned wanted, const struct stats *s)
{
  static of_block *const of[] = {weighted_sum, weighted_squares, weighted_sum_squares,
                                 weighted_extremes, weighted_all};
  blocks(of, &(struct source){.a = a, .w = w, .stride = stride}, channels, n, wanted, s);
}

SIMD static void outer_sum(const struct stats *x, const struct stats *g, int n,
                           const struct stats *s)
{
  const double *restrict a = x->sum, *restrict b = g->sum;
  double *restrict sum = s->sum;
  SIMD_INDEPENDENT
  for (int u = 0; u < n; u++) sum[u] = a[u] * b[u];
}

SIMD static void outer_extremes(const struct stats *x, const struct stats *g, int n,
                                const struct stats *s)
{
  const double *restrict xmax = x->max, *restrict xmin = x->min;
  const double *restrict gmax = g->max, *restrict gmin = g->min;
  const double *restrict pos2 = s->pos2;
  double *restrict max = s->max, *restrict min = s->min;
  SIMD_INDEPENDENT
  for (int u = 0; u < n; u++) {
    const double a = xmax[u] * gmax[u], b = xmax[u] * gmin[u];
    const double c = xmin[u] * gmax[u], d = xmin[u] * gmin[u];
    max[u] = stats_unless_nan(stats_larger(stats_larger(a, b), stats_larger(c, d)), pos2[u]);
    min[u] = stats_unless_nan(stats_smaller(stats_smaller(a, b), stats_smaller(c, d)), pos2[u]);
  }
}

SIMD static void outer_squares(const struct stats *x, const struct stats *g, int n,
                               const struct stats *s)
{
  const double *restrict xp = x->pos2, *restrict xn = x->neg2;
  const double *restrict gp = g->pos2, *restrict gn = g->neg2;
  double *restrict pos2 = s->pos2, *restrict neg2 = s->neg2;
  SIMD_INDEPENDENT
  for (int u = 0; u < n; u++) {
    pos2[u] = xp[u] * gp[u] + xn[u] * gn[u];
    neg2[u] = xp[u] * gn[u] + xn[u] * gp[u];
  }
}

void stats_of_outer_product(const struct stats *x, const struct stats *g, int n, unsigned wanted,
                            const struct stats *s)
{
  if (wanted & STATS_SUM) outer_sum(x, g, n, s);
  if (wanted & (STATS_SQUARES | STATS_EXTREMES)) outer_squares(x, g, n, s);
  if (wanted & STATS_EXTREMES) outer_extremes(x, g, n, s);
}

enum stats_set stats_set(unsigned wanted)
{
  if (wanted & STATS_EXTREMES)
    return wanted & (STATS_SUM | STATS_SQUARES) ? STATS_SET_ALL : STATS_SET_EXTREMES;
  if (!(wanted & STATS_SQUARES)) return STATS_SET_SUM;
  return wanted & STATS_SUM ? STATS_SET_SUM_SQUARES : STATS_SET_SQUARES;
}

struct stats stats_at(double *memory, int64_t n)
{
  return (struct stats){memory, memory + n, memory + 2 * n, memory + 3 * n, memory + 4 * n};
}

struct stats stats_from(const struct stats *s, int64_t first)
{
  return (struct stats){s->sum + first, s->max + first, s->min + first, s->pos2 + first,
                        s->neg2 + first};
}
