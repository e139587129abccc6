/** @file
 *  Measures of input bias.  Brocki and Chung 2020, arXiv:2011.05002, has pictures; these are figures for them. */
#include "jobs/bias_measure.h"

#include "core/similarity.h"
#include "core/sort.h"

#include <math.h>

enum { FEWEST = 500 }; /* a bin holds at least one of so many pixels of the image */

static const double near = 4.0; /* half a bin: of the blind colour, in every channel */

static const char *const names[] = {
#define BIAS(name, text) #name,
#include "jobs/bias_list.h"
#undef BIAS
};
static const char *const texts[] = {
#define BIAS(name, text) text,
#include "jobs/bias_list.h"
#undef BIAS
};

const char *bias_name(int i)
{
  return names[i];
}

const char *bias_text(int i)
{
  return texts[i];
}

double bias_pixel(const struct recipe *r, int channel, float x)
{
  return ((double)x * r->std[channel] + r->mean[channel]) / r->scale;
}

double bias_blind(const struct recipe *r, int channel)
{
  return r->mean[channel] / r->scale;
}

size_t bias_work_doubles(int64_t n)
{
  return (size_t)(2 * n) + similarity_spearman_work(n) + sort_work_doubles(n) + (size_t)n;
}

static double mean_absolute(const float *map, int64_t n)
{
  double sum = 0.0;
  for (int64_t u = 0; u < n; u++) sum += fabs((double)map[u]);
  return sum / (double)n;
}

void bias_curve(const struct bias_image *i, const float *map, float *curve)
{
  double sum[BIAS_BINS] = {0}, mean = mean_absolute(map, i->n);
  int64_t count[BIAS_BINS] = {0};
  const int channels = i->recipe->channels;
  for (int64_t u = 0; u < i->n; u++) {
    double value = 0.0;
    for (int c = 0; c < channels; c++)
      value += bias_pixel(i->recipe, c, i->x[c * i->stride + u]) / channels;
    int bin = (int)(value * BIAS_BINS / 256.0 + 1e-6);
    bin = bin < 0 ? 0 : bin >= BIAS_BINS ? BIAS_BINS - 1 : bin;
    sum[bin] += fabs((double)map[u]);
    count[bin]++;
  }
  for (int b = 0; b < BIAS_BINS; b++) {
    curve[b] =
        count[b] * FEWEST >= i->n && mean > 0.0 ? (float)(sum[b] / (double)count[b] / mean) : NAN;
  }
}

double bias_value_rank(const struct bias_image *i, const float *map, double *work)
{
  for (int64_t u = 0; u < i->n; u++) {
    double size = 0.0;
    if (!isfinite(map[u])) return NAN;
    for (int c = 0; c < i->recipe->channels; c++) size += fabs((double)i->x[c * i->stride + u]);
    work[u] = size;
    work[i->n + u] = fabs((double)map[u]);
  }
  return similarity_spearman_of(work, work + i->n, i->n, work + 2 * i->n);
}

static bool is_blind(const struct bias_image *i, int64_t u)
{
  for (int c = 0; c < i->recipe->channels; c++) {
    if (fabs(bias_pixel(i->recipe, c, i->x[c * i->stride + u]) - bias_blind(i->recipe, c)) > near)
      return false;
  }
  return true;
}

double bias_dip(const struct bias_image *i, const float *map)
{
  double sum = 0.0;
  int64_t n = 0;
  for (int64_t u = 0; u < i->n; u++) {
    if (!is_blind(i, u)) continue;
    sum += fabs((double)map[u]);
    n++;
  }
  return n ? 1.0 - sum / (double)n / mean_absolute(map, i->n) : NAN;
}

double bias_rank(const float *a, const float *b, int64_t n, bool absolute, double *work)
{
  for (int64_t u = 0; u < n; u++) {
    if (!isfinite(a[u]) || !isfinite(b[u])) return NAN;
    work[u] = absolute ? fabs((double)a[u]) : (double)a[u];
    work[n + u] = absolute ? fabs((double)b[u]) : (double)b[u];
  }
  return similarity_spearman_of(work, work + n, n, work + 2 * n);
}

static double largest(const float *map, int64_t n)
{
  double most = 0.0;
  for (int64_t u = 0; u < n; u++) {
    if (!isfinite(map[u])) return NAN;
    if (fabs((double)map[u]) > most) most = fabs((double)map[u]);
  }
  return most > 0.0 ? most : NAN;
}

double bias_moved(const float *a, const float *b, int64_t n)
{
  const double of_a = largest(a, n), of_b = largest(b, n);
  double most = 0.0;
  if (isnan(of_a) || isnan(of_b)) return NAN;
  for (int64_t u = 0; u < n; u++) {
    const double d = fabs((double)a[u] / of_a - (double)b[u] / of_b);
    if (d > most) most = d;
  }
  return most;
}

void bias_region(const float *map, int64_t n, double share, bool *region, double *work)
{
  int32_t *order = (int32_t *)(work + n);
  const int64_t chosen = (int64_t)ceil(share * (double)n);
  for (int64_t u = 0; u < n; u++) {
    region[u] = false;
    work[u] = -fabs((double)map[u]); /* NaN comes last */
  }
  sort_order(work, n, order, work + 2 * n);
  for (int64_t k = 0; k < chosen; k++) region[order[k]] = true;
}

double bias_density(const float *map, const bool *region, int64_t n)
{
  double inside = 0.0;
  int64_t pixels = 0;
  for (int64_t u = 0; u < n; u++) {
    if (!region[u]) continue;
    inside += fabs((double)map[u]);
    pixels++;
  }
  return inside / (double)pixels / mean_absolute(map, n);
}
