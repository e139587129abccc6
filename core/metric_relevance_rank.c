/** @file
 *  Relevance rank accuracy. */
#include "core/metric.h"
#include "core/sort.h"

static size_t work_doubles(const struct metric_map *m)
{
  const int64_t n = (int64_t)m->image_height * m->image_width;
  return (size_t)(2 * n) + sort_work_doubles(n);
}

static double run(const struct metric_map *m, double *work)
{
  const int64_t n = (int64_t)m->image_height * m->image_width;
  int32_t *order = (int32_t *)(work + n);
  int64_t size = 0, inside = 0;
  for (int64_t u = 0; u < n; u++) {
    work[u] = -(double)m->image[u];
    size += m->object[u];
  }
  sort_order(work, n, order, work + 2 * n);
  for (int64_t i = 0; i < size; i++) inside += m->object[order[i]];
  return (double)inside / (double)size;
}

const struct metric metric_relevance_rank = {
    .name = "relevance_rank",
    .formula = "share of the |object| largest pixels that lie on the object",
    .range = "0 to 1",
    .better = "higher",
    .ties = "among equal values the first in row-major order is larger.  NaN without an object",
    .traps = "sparse maps are decided by the order of their zeros",
    .source = "Arras, Osman, Samek 2022, arXiv:2003.07258 (relevance rank accuracy)",
    .needs = METRIC_IMAGE | METRIC_OBJECT,
    .work_doubles = work_doubles,
    .run = run,
};
