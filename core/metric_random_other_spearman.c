/** @file
 *  A random other class, by ranks. */
#include "core/metric.h"
#include "core/similarity.h"

static size_t work_doubles(const struct metric_map *m)
{
  return similarity_spearman.work_doubles(m->input_height, m->input_width);
}

static double run(const struct metric_map *m, double *work)
{
  return similarity_of(&similarity_spearman, m->input, m->other, m->input_height, m->input_width,
                       work);
}

const struct metric metric_random_other_spearman = {
    .name = "random_other_spearman",
    .formula = "Spearman's correlation of the same two maps",
    .range = "-1 to 1",
    .better = "lower: the map depends on the class",
    .ties = "average ranks.  NaN where a map is constant",
    .traps = "the study must hold the targets predicted and other",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, for another class",
    .needs = METRIC_INPUT | METRIC_OTHER,
    .slot = "other",
    .work_doubles = work_doubles,
    .run = run,
};
