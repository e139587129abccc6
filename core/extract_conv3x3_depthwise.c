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
 *  A channel's band is copied with a zero row above and below where the plane ends and with a zero
 *  behind each row, which serves the next one too.  So no loop has borders: a window is a pass along
 *  columns, then three neighbours in a row, over the band as one line. */
#include "core/extract.h"
#include "core/simd.h"

#include <math.h>
#include <string.h>

/* Elements that are copied at once, also beyond a row's end where there are some, and of which the
 * loops over a line do whole groups; channels that are accumulated together. */
enum { LANES = 8, GROUP = 2 };

/** What one channel brings: lines of n elements, the sums over columns from element -1 to n. */
struct channel {
  double *sum;       /* over three rows */
  real *pos2, *neg2; /* the same of max(a, 0)^2 and min(a, 0)^2 */
  real *max, *min;   /* extremes over three rows */
  real *g;
};

/** A band in lines of pitch = width + 1, n = rows * pitch rounded up to LANES. */
struct lines {
  int pitch, n;
  double *sum, *pos2, *neg2; /* [n] accumulators over channels */
  real *max, *min;           /* [n] */
  real *a;                   /* [n + 2 pitch] one channel with the rows above and below */
  real *a_pos2, *a_neg2;     /* [n + 2 pitch] max(a, 0)^2 and min(a, 0)^2 */
  struct channel of[GROUP];
};

/* Lines of a band: of doubles, of reals. */
enum { DOUBLES = 3 + GROUP, REALS = 5 + 5 * GROUP };

/** Elements kept for a line: all the rows, one group beyond them and one in front. */
static int64_t line_of(int width, int rows)
{
  return (((int64_t)rows + 2) * (width + 1) / LANES + 3) * LANES;
}

static size_t work_bytes(int width, int rows)
{
  return (size_t)line_of(width, rows) * (DOUBLES * sizeof(double) + REALS * sizeof(real));
}

static struct lines lines_at(void *work, int width, int rows)
{
  const int64_t line = line_of(width, rows);
  double *d = (double *)work + LANES;
  real *r = (real *)((double *)work + DOUBLES * line) + LANES;
  struct lines l = {.pitch = width + 1,
                    .n = (rows * (width + 1) + LANES - 1) / LANES * LANES,
                    .sum = d,
                    .pos2 = d + line,
                    .neg2 = d + 2 * line,
                    .max = r,
                    .min = r + line,
                    .a = r + 2 * line,
                    .a_pos2 = r + 3 * line,
                    .a_neg2 = r + 4 * line};
  for (int j = 0; j < GROUP; j++) {
    real *of = r + (5 + 5 * j) * line;
    l.of[j] = (struct channel){d + (3 + j) * line, of,           of + line, of + 2 * line,
                               of + 3 * line,      of + 4 * line};
  }
  return l;
}

/** Nothing taken into account yet; zeros in all that no channel writes. */
static void begin_lines(const struct lines *l, void *work, size_t bytes)
{
  memset(work, 0, bytes);
  for (int i = 0; i < l->n; i++) {
    l->max[i] = -(real)INFINITY;
    l->min[i] = (real)INFINITY;
  }
}

/** line[r * pitch + c] = from[r * width + c], zero at c = width; `from` may be read up to `end`.
 *  What is written behind a row the next one overwrites, and nothing is behind the plane's last. */
SIMD_PART void copy_rows(const real *from, const real *end, int rows, int pitch, real *line)
{
  const int width = pitch - 1;
  for (int r = 0; r < rows; r++, from += width, line += pitch) {
    const int free = end - from < width + LANES ? width / LANES * LANES : width;
    for (int c = 0; c < free; c += LANES)
      for (int j = 0; j < LANES; j++) line[c + j] = from[c + j];
    for (int c = free; c < width; c++) line[c] = from[c];
    line[width] = REAL(0.0);
  }
}

/** The band of channel k of both fields. */
SIMD_PART void copy_band(const struct extract_call *c, const struct lines *l, int k, real *g_line)
{
  const int width = c->at.width, above = c->row > 0, below = c->row + c->rows < c->at.height;
  const real *a = c->at.a + k * c->at.stride, *g = c->at.g + k * c->at.stride;
  const int64_t first = (int64_t)c->row * width, plane = (int64_t)c->at.height * width;
  copy_rows(a + first - (above ? width : 0), a + plane, c->rows + above + below, l->pitch,
            l->a + (above ? 0 : l->pitch));
  copy_rows(g + first, g + plane, c->rows, l->pitch, g_line);
}

/** Squares of both signs. */
SIMD_PART void squares(const struct lines *l)
{
  const real *a = l->a;
  real *pos2 = l->a_pos2, *neg2 = l->a_neg2;
  const int n = (l->n + 2 * l->pitch + LANES - 1) / LANES * LANES;
  SIMD_INDEPENDENT
  for (int i = 0; i < n; i++) {
    const real v = a[i], p = REAL(0.0) > v ? REAL(0.0) : v, m = REAL(0.0) < v ? REAL(0.0) : v;
    pos2[i] = p * p;
    neg2[i] = m * m;
  }
}

SIMD_PART real larger(real a, real b)
{
  return a < b ? b : a;
}
SIMD_PART real smaller(real a, real b)
{
  return a > b ? b : a;
}

/** Sums and extremes over three rows. */
SIMD_PART void columns(const struct lines *l, unsigned wanted, const struct channel *to)
{
  const int n = l->n / LANES * LANES, p = l->pitch, q = 2 * l->pitch;
  const real *a = l->a, *a_pos2 = l->a_pos2, *a_neg2 = l->a_neg2;
  double *sum = to->sum;
  real *pos2 = to->pos2, *neg2 = to->neg2, *max = to->max, *min = to->min;
  SIMD_INDEPENDENT
  for (int i = 0; i < n; i++) {
    const real x = a[i], y = a[i + p], z = a[i + q];
    if (wanted & STATS_SUM) sum[i] = (double)x + (double)y + (double)z;
    if (wanted & STATS_SQUARES) pos2[i] = a_pos2[i] + a_pos2[i + p] + a_pos2[i + q];
    if (wanted & STATS_SQUARES) neg2[i] = a_neg2[i] + a_neg2[i + p] + a_neg2[i + q];
    if (wanted & STATS_EXTREMES) max[i] = larger(larger(x, y), z);
    if (wanted & STATS_EXTREMES) min[i] = smaller(smaller(x, y), z);
  }
}

/** The five at one position. */
struct five {
  double sum, pos2, neg2;
  real max, min;
};

/** Take the nine entries of one channel at element i into account. */
SIMD_PART struct five with(struct five s, const struct channel *k, int i)
{
  const real g = k->g[i];
  const double v = (double)g, v2 = v * v;
  const real p = k->pos2[i - 1] + k->pos2[i] + k->pos2[i + 1];
  const real m = k->neg2[i - 1] + k->neg2[i] + k->neg2[i + 1];
  const real top = larger(larger(k->max[i - 1], k->max[i]), k->max[i + 1]);
  const real low = smaller(smaller(k->min[i - 1], k->min[i]), k->min[i + 1]);
  s.sum += v * (k->sum[i - 1] + k->sum[i] + k->sum[i + 1]);
  s.pos2 += v2 * (double)(g > REAL(0.0) ? p : m);
  s.neg2 += v2 * (double)(g > REAL(0.0) ? m : p);
  s.max = larger(larger(s.max, g * top), g * low); /* one is the largest entry, one the smallest */
  s.min = smaller(smaller(s.min, g * top), g * low);
  return s;
}

/** Windows of a times g of `group` channels, into the accumulators. */
SIMD_PART void accumulate(const struct lines *l, unsigned wanted, int group)
{
  const int n = l->n / LANES * LANES;
  const struct lines at = *l;
  SIMD_INDEPENDENT
  for (int i = 0; i < n; i++) {
    struct five s = {at.sum[i], at.pos2[i], at.neg2[i], at.max[i], at.min[i]};
    s = with(s, &at.of[0], i);
    if (group > 1) s = with(s, &at.of[1], i);
    if (wanted & STATS_SUM) at.sum[i] = s.sum;
    if (wanted & STATS_SQUARES) at.pos2[i] = s.pos2, at.neg2[i] = s.neg2;
    if (wanted & STATS_EXTREMES) at.max[i] = s.max, at.min[i] = s.min;
  }
}

/** The accumulators without the ends of rows. */
SIMD_PART void finish(const struct lines *l, unsigned wanted, int width, int rows,
                      const struct stats *s)
{
  for (int r = 0; r < rows; r++) {
    SIMD_INDEPENDENT
    for (int c = 0; c < width; c++) {
      const int64_t i = (int64_t)r * l->pitch + c, u = (int64_t)r * width + c;
      if (wanted & STATS_SUM) s->sum[u] = l->sum[i];
      if (wanted & STATS_SQUARES) s->pos2[u] = l->pos2[i], s->neg2[u] = l->neg2[i];
      if (wanted & STATS_EXTREMES) {
        s->max[u] = stats_unless_nan((double)l->max[i], l->pos2[i]);
        s->min[u] = stats_unless_nan((double)l->min[i], l->pos2[i]);
      }
    }
  }
}

/** Take `group` channels from k on into account. */
SIMD_PART void take(const struct extract_call *c, const struct lines *l, unsigned wanted, int group,
                    int k)
{
  for (int j = 0; j < group; j++) {
    copy_band(c, l, k + j, l->of[j].g);
    squares(l);
    columns(l, wanted, &l->of[j]);
  }
  accumulate(l, wanted, group);
}

SIMD_PART void band(const struct extract_call *c, unsigned wanted)
{
  const struct lines l = lines_at(c->work, c->at.width, c->rows);
  int k = 0;
  begin_lines(&l, c->work, work_bytes(c->at.width, c->rows));
  for (; k + GROUP <= c->at.channels; k += GROUP) take(c, &l, wanted, GROUP, k);
  for (; k < c->at.channels; k++) take(c, &l, wanted, 1, k);
  finish(&l, wanted, c->at.width, c->rows, c->out);
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

static void run(const struct extract_call *c)
{
  static void (*const of[N_STATS_SETS])(const struct extract_call *) = {band_sum, band_squares,
                                                                        band_sum_squares, band_all};
  of[stats_set(c->wanted)](c);
}

const struct extract extract_conv3x3_depthwise = {
    .name = "conv3x3_depthwise",
    .formula = "gamma_u[k, d] = a[k, u + d] g[k, u] over the zero-padded 3x3 window d",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, phase 1",
    .reads_activation = true,
    .work_bytes = work_bytes,
    .run = run,
};
