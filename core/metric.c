/** @file
 *  The table of metrics, and what several of them share. */
#include "core/metric.h"

#include "core/math64.h"

#include <math.h>
#include <string.h>

#define METRIC(name) extern const struct metric metric_##name;
#include "core/metric_list.h"
#undef METRIC

const struct metric *const metric_all[] = {
#define METRIC(name) &metric_##name,
#include "core/metric_list.h"
#undef METRIC
    NULL,
};

const struct metric *metric_find(const char *name)
{
  for (const struct metric *const *k = metric_all; *k; k++)
    if (!strcmp((*k)->name, name)) return *k;
  return NULL;
}

bool metric_has_nan(const float *v, int64_t n)
{
  for (int64_t i = 0; i < n; i++)
    if (isnan(v[i])) return true;
  return false;
}

size_t metric_work_doubles(const struct metric *k, const struct metric_map *m)
{
  return k->work_doubles ? k->work_doubles(m) : 0;
}

double metric_of(const struct metric *k, const struct metric_map *m, double *work)
{
  const int64_t n = (int64_t)m->height * m->width;
  const int64_t inputs = (int64_t)m->input_height * m->input_width;
  if (metric_has_nan(m->map, n)) return NAN;
  if (k->needs & METRIC_OBJECT && !m->object) return NAN;
  if (k->needs & METRIC_OTHER && (!m->other || metric_has_nan(m->other, inputs))) return NAN;
  if (k->needs & METRIC_ENERGY && (!m->energy || metric_has_nan(m->energy, n))) return NAN;
  return k->run(m, work);
}

int64_t metric_first_largest(const float *v, int64_t n)
{
  int64_t at = 0;
  for (int64_t i = 1; i < n; i++)
    if (v[i] > v[at]) at = i;
  return at;
}

static int radius_of(double sigma)
{
  return (int)ceil(4.0 * sigma);
}

size_t metric_smooth_work(int height, int width, double sigma)
{
  const int longest = height > width ? height : width;
  return (size_t)radius_of(sigma) + 1 + (size_t)longest * 2;
}

/** Smooth n numbers, `step` apart.  weight [radius + 1] by distance, line [2 n] scratch. */
static void smooth_line(float *v, int n, int64_t step, const double *weight, int radius,
                        double *line)
{
  double *out = line + n;
  for (int i = 0; i < n; i++) line[i] = (double)v[i * step];
  for (int i = 0; i < n; i++) {
    double sum = weight[0] * line[i];
    for (int d = 1; d <= radius; d++)
      sum += weight[d] * (line[i - d < 0 ? 0 : i - d] + line[i + d > n - 1 ? n - 1 : i + d]);
    out[i] = sum;
  }
  for (int i = 0; i < n; i++) v[i * step] = (float)out[i];
}

void metric_smooth(float *map, int height, int width, double sigma, double *work)
{
  const int radius = radius_of(sigma);
  double *weight = work, *line = work + radius + 1, sum = 0.0;
  for (int d = 0; d <= radius; d++) {
    weight[d] = math64_exp(-0.5 * d * d / (sigma * sigma));
    sum += d ? 2.0 * weight[d] : weight[d];
  }
  for (int d = 0; d <= radius; d++) weight[d] /= sum;
  for (int x = 0; x < width; x++) smooth_line(map + x, height, width, weight, radius, line);
  for (int y = 0; y < height; y++)
    smooth_line(map + (int64_t)y * width, width, 1, weight, radius, line);
}
