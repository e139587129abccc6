/** @file
 *  Spearman's rank correlation, of values and of absolute values. */
#include "core/similarity.h"
#include "core/sort.h"

#include <math.h>
#include <stdbool.h>

size_t similarity_spearman_work(int64_t n)
{
  return (size_t)(2 * n) + sort_work_doubles(n);
}

double similarity_spearman_of(const double *a, const double *b, int64_t n, double *work)
{
  double *ra = work, *rb = work + n, *scratch = work + 2 * n;
  sort_average_ranks(a, n, ra, scratch);
  sort_average_ranks(b, n, rb, scratch);
  return similarity_pearson_of(ra, rb, n);
}

static size_t work_doubles(int height, int width)
{
  const int64_t n = (int64_t)height * width;
  return (size_t)(2 * n) + similarity_spearman_work(n);
}

/** to[i] = a[i], or |a[i]|. */
static void widen(const float *a, int64_t n, bool absolute, double *to)
{
  for (int64_t i = 0; i < n; i++) to[i] = absolute ? fabs((double)a[i]) : (double)a[i];
}

static double run_of(const float *a, const float *b, int64_t n, bool absolute, double *work)
{
  widen(a, n, absolute, work);
  widen(b, n, absolute, work + n);
  return similarity_spearman_of(work, work + n, n, work + 2 * n);
}

/** Ranks are halves of whole numbers: a float holds those of maps below 4 million pixels. */
static void ranks(const float *a, int64_t n, bool absolute, float *ready, double *work)
{
  widen(a, n, absolute, work);
  sort_average_ranks(work, n, work + n, work + 2 * n);
  for (int64_t i = 0; i < n; i++) ready[i] = (float)work[n + i];
}

static double run_ready(const float *ready, const float *b, int64_t n, bool absolute, double *work)
{
  double *mine = work, *other = work + n, *map = work + 2 * n, *scratch = work + 3 * n;
  widen(b, n, absolute, map);
  sort_average_ranks(map, n, other, scratch);
  for (int64_t i = 0; i < n; i++) mine[i] = (double)ready[i];
  return similarity_pearson_of(mine, other, n);
}

static double run(const float *a, const float *b, int height, int width, double *work)
{
  return run_of(a, b, (int64_t)height * width, false, work);
}

static double run_absolute(const float *a, const float *b, int height, int width, double *work)
{
  return run_of(a, b, (int64_t)height * width, true, work);
}

static void prepare(const float *a, int64_t n, float *ready, double *work)
{
  ranks(a, n, false, ready, work);
}

static void prepare_absolute(const float *a, int64_t n, float *ready, double *work)
{
  ranks(a, n, true, ready, work);
}

static double run_prepared(const float *ready, const float *b, int64_t n, double *work)
{
  return run_ready(ready, b, n, false, work);
}

static double run_prepared_absolute(const float *ready, const float *b, int64_t n, double *work)
{
  return run_ready(ready, b, n, true, work);
}

const struct similarity similarity_spearman = {
    .name = "spearman",
    .formula = "Pearson's correlation of the ranks; equal values share the mean of their ranks",
    .range = "-1 to 1; 1: the same order",
    .undefined = "a map is constant",
    .source = "Adebayo et al. 2018, arXiv:1810.03292",
    .work_doubles = work_doubles,
    .run = run,
    .prepare = prepare,
    .run_prepared = run_prepared,
};

const struct similarity similarity_spearman_absolute = {
    .name = "spearman_absolute",
    .formula = "spearman of |a| and |b|",
    .range = "-1 to 1; 1: the same order",
    .undefined = "the absolute values of a map are constant",
    .source = "Adebayo et al. 2018, arXiv:1810.03292",
    .work_doubles = work_doubles,
    .run = run_absolute,
    .prepare = prepare_absolute,
    .run_prepared = run_prepared_absolute,
};
