/** @file
 *  Structural similarity, with the three ways of normalising maps that the literature uses. */
#include "core/math64.h"
#include "core/similarity.h"
#include "core/sort.h"

#include <math.h>

enum { FIELDS = 5 }; /* x, y, xx, yy, xy */

struct ssim_window ssim_window_uniform(int taps)
{
  struct ssim_window w = {.taps = taps};
  for (int i = 0; i < taps; i++) w.weight[i] = 1.0 / taps;
  return w;
}

struct ssim_window ssim_window_gaussian(double sigma, double truncate)
{
  const int radius = (int)(truncate * sigma + 0.5);
  struct ssim_window w = {.taps = 2 * radius + 1};
  double sum = 0.0;
  for (int i = -radius; i <= radius; i++)
    sum += w.weight[radius + i] = math64_exp(-0.5 * i * i / (sigma * sigma));
  for (int i = 0; i < w.taps; i++) w.weight[i] /= sum;
  return w;
}

size_t similarity_ssim_work(int height, int width)
{
  return FIELDS * ((size_t)height + 1) * (size_t)width;
}

/** Filter a row of the five fields along x: out[f * plane + x], x counting whole windows. */
static void filter_row(const double *a, const double *b, int out_width, const struct ssim_window *w,
                       int64_t plane, double *out)
{
  for (int x = 0; x < out_width; x++) {
    double s[FIELDS] = {0};
    for (int i = 0; i < w->taps; i++) {
      const double va = a[x + i], vb = b[x + i], k = w->weight[i];
      s[0] += k * va;
      s[1] += k * vb;
      s[2] += k * va * va;
      s[3] += k * vb * vb;
      s[4] += k * va * vb;
    }
    for (int f = 0; f < FIELDS; f++) out[f * plane + x] = s[f];
  }
}

/** SSIM of a window from the five filtered fields. */
static double ssim(const double *s, double correction, double c1, double c2)
{
  const double mx = s[0], my = s[1];
  const double vx = correction * (s[2] - mx * mx), vy = correction * (s[3] - my * my);
  const double vxy = correction * (s[4] - mx * my);
  return (2.0 * mx * my + c1) * (2.0 * vxy + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2));
}

double similarity_ssim_of(const double *a, const double *b, int height, int width,
                          const struct ssim_window *w, double range, double *work)
{
  const int rows = height - w->taps + 1, columns = width - w->taps + 1;
  const int64_t plane = (int64_t)height * width;
  const double n = (double)w->taps * w->taps;
  const double c1 = 0.01 * range * 0.01 * range, c2 = 0.03 * range * 0.03 * range;
  double sum = 0.0;
  if (rows < 1 || columns < 1) return NAN;
  for (int y = 0; y < height; y++) {
    const int64_t at = (int64_t)y * width;
    filter_row(a + at, b + at, columns, w, plane, work + at);
  }
  for (int y = 0; y < rows; y++) {
    double row = 0.0;
    for (int x = 0; x < columns; x++) {
      double s[FIELDS] = {0};
      for (int i = 0; i < w->taps; i++) {
        const double *at = work + (int64_t)(y + i) * width + x;
        for (int f = 0; f < FIELDS; f++) s[f] += w->weight[i] * at[f * plane];
      }
      row += ssim(s, n / (n - 1.0), c1, c2);
    }
    sum += row;
  }
  return sum / ((double)rows * columns);
}

static size_t work_doubles(int height, int width)
{
  const size_t n = (size_t)height * (size_t)width;
  return 4 * n + similarity_ssim_work(height, width) + sort_work_doubles((int64_t)n);
}

/** out = (in - low) / (high - low), or zeros where that is 0 / 0. */
static void rescale(const double *in, int64_t n, double low, double high, double *out)
{
  for (int64_t i = 0; i < n; i++) out[i] = high > low ? (in[i] - low) / (high - low) : 0.0;
}

static void widen(const float *in, int64_t n, double *out)
{
  for (int64_t i = 0; i < n; i++) out[i] = (double)in[i];
}

static void extremes(const double *v, int64_t n, double *low, double *high)
{
  *low = *high = v[0];
  for (int64_t i = 1; i < n; i++) {
    if (v[i] < *low) *low = v[i];
    if (v[i] > *high) *high = v[i];
  }
}

static double run(const float *a, const float *b, int height, int width, double *work)
{
  const int64_t n = (int64_t)height * width;
  const struct ssim_window window = ssim_window_uniform(5);
  const float *in[] = {a, b};
  for (int k = 0; k < 2; k++) {
    double *map = work + k * n, low, high;
    widen(in[k], n, map);
    extremes(map, n, &low, &high);
    rescale(map, n, 0.0, high > -low ? high : -low, map);
  }
  return similarity_ssim_of(work, work + n, height, width, &window, 2.0, work + 2 * n);
}

static double run_gaussian(const float *a, const float *b, int height, int width, double *work)
{
  const int64_t n = (int64_t)height * width;
  const struct ssim_window window = ssim_window_gaussian(1.5, 3.5);
  const float *in[] = {a, b};
  for (int k = 0; k < 2; k++) {
    double *map = work + k * n, low, high;
    widen(in[k], n, map);
    extremes(map, n, &low, &high);
    rescale(map, n, low, high, map);
  }
  return similarity_ssim_of(work, work + n, height, width, &window, 2.0, work + 2 * n);
}

/** Percentile between neighbours of sorted numbers. */
static double percentile(const double *v, const int32_t *order, int64_t n, double q)
{
  const double h = q / 100.0 * (double)(n - 1);
  const int64_t i = (int64_t)h, j = i + 1 < n ? i + 1 : i;
  return v[order[i]] + (h - (double)i) * (v[order[j]] - v[order[i]]);
}

/** Between the percentiles 0.5 and 99.5 to [0, 1], what lies outside to the ends. */
static void clip(double *map, int64_t n, int32_t *order, double *scratch)
{
  sort_order(map, n, order, scratch);
  const double low = percentile(map, order, n, 0.5), high = percentile(map, order, n, 99.5);
  rescale(map, n, low, high, map);
  for (int64_t i = 0; i < n; i++) map[i] = map[i] < 0.0 ? 0.0 : map[i] > 1.0 ? 1.0 : map[i];
}

static double run_flipped(const float *a, const float *b, int height, int width, double *work)
{
  const int64_t n = (int64_t)height * width;
  const struct ssim_window window = ssim_window_uniform(5);
  double *x = work, *y = work + n, *flipped = work + 2 * n, *rest = work + 4 * n;
  int32_t *order = (int32_t *)(work + 3 * n);
  widen(a, n, x);
  widen(b, n, y);
  for (int64_t i = 0; i < n; i++) flipped[i] = -y[i];
  clip(x, n, order, rest);
  clip(y, n, order, rest);
  clip(flipped, n, order, rest);
  const double same = similarity_ssim_of(x, y, height, width, &window, 2.0, rest);
  const double other = similarity_ssim_of(x, flipped, height, width, &window, 2.0, rest);
  return same > other || isnan(same) ? same : other;
}

const struct similarity similarity_ssim = {
    .name = "ssim",
    .formula = "mean SSIM, windows of 5 x 5 equal weights, range 2, of maps divided by max |.|",
    .range = "-1 to 1; 1: equal",
    .undefined = "no window fits",
    .source = "sanity checks of CAMP-eXplain-AI/PathwayGrad",
    .work_doubles = work_doubles,
    .run = run,
};

const struct similarity similarity_ssim_gaussian = {
    .name = "ssim_gaussian",
    .formula =
        "mean SSIM, Gaussian windows (sigma 1.5, 11 x 11), range 2, of maps from minimum and "
        "maximum to [0, 1]",
    .range = "-1 to 1; 1: equal",
    .undefined = "no window fits",
    .source = "Adebayo et al. 2018, arXiv:1810.03292",
    .work_doubles = work_doubles,
    .run = run_gaussian,
};

const struct similarity similarity_ssim_flipped = {
    .name = "ssim_flipped",
    .formula =
        "the larger of SSIM(a, b) and SSIM(a, -b), windows of 5 x 5 equal weights, range 2, each "
        "map from its percentiles 0.5 and 99.5 to [0, 1] and clipped",
    .range = "-1 to 1; 1: equal, or equal but for the sign",
    .undefined = "no window fits",
    .source = "Sixt, Granz, Landgraf 2020, arXiv:1912.09818",
    .work_doubles = work_doubles,
    .run = run_flipped,
};
