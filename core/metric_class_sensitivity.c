/** @file
 *  Class sensitivity: most against least likely class. */
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

const struct metric metric_class_sensitivity = {
    .name = "class_sensitivity",
    .formula = "Spearman's correlation of the maps of the least and of the most likely class, made "
               "as large as the input",
    .range = "-1 to 1",
    .better = "lower: the map depends on the class",
    .ties = "average ranks.  NaN where a map is constant",
    .traps = "the study must hold the targets predicted and least; likely is by logits, because "
             "softmax ties",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866",
    .needs = METRIC_INPUT | METRIC_OTHER,
    .slot = "least",
    .work_doubles = work_doubles,
    .run = run,
};
