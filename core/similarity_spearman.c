/** @file
 *  Spearman's rank correlation, of values and of absolute values. */
#include "core/similarity.h"
#include "core/sort.h"

#include <math.h>

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

static double run(const float *a, const float *b, int height, int width, double *work)
{
  const int64_t n = (int64_t)height * width;
  for (int64_t i = 0; i < n; i++) {
    work[i] = (double)a[i];
    work[n + i] = (double)b[i];
  }
  return similarity_spearman_of(work, work + n, n, work + 2 * n);
}

static double run_absolute(const float *a, const float *b, int height, int width, double *work)
{
  const int64_t n = (int64_t)height * width;
  for (int64_t i = 0; i < n; i++) {
    work[i] = fabs((double)a[i]);
    work[n + i] = fabs((double)b[i]);
  }
  return similarity_spearman_of(work, work + n, n, work + 2 * n);
}

const struct similarity similarity_spearman = {
    .name = "spearman",
    .formula = "Pearson's correlation of the ranks; equal values share the mean of their ranks",
    .range = "-1 to 1; 1: the same order",
    .undefined = "a map is constant",
    .source = "Adebayo et al. 2018, arXiv:1810.03292",
    .work_doubles = work_doubles,
    .run = run,
};

const struct similarity similarity_spearman_absolute = {
    .name = "spearman_absolute",
    .formula = "spearman of |a| and |b|",
    .range = "-1 to 1; 1: the same order",
    .undefined = "the absolute values of a map are constant",
    .source = "Adebayo et al. 2018, arXiv:1810.03292",
    .work_doubles = work_doubles,
    .run = run_absolute,
};
