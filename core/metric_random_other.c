/** @file
 *  A random other class, by structural similarity. */
#include "core/metric.h"
#include "core/similarity.h"

static size_t work_doubles(const struct metric_map *m)
{
  return similarity_ssim_flipped.work_doubles(m->input_height, m->input_width);
}

static double run(const struct metric_map *m, double *work)
{
  return similarity_of(&similarity_ssim_flipped, m->input, m->other, m->input_height,
                       m->input_width, work);
}

const struct metric metric_random_other = {
    .name = "random_other",
    .formula = "similarity ssim_flipped of the maps of a random other class and of the predicted "
               "one, made as large as the input",
    .range = "-1 to 1",
    .better = "lower: the map depends on the class",
    .ties = "constant maps count as 0 everywhere; NaN where no window fits",
    .traps = "the study must hold the targets predicted and other; smooth maps are similar "
             "whatever they show",
    .source = "Sixt, Granz, Landgraf 2020, arXiv:1912.09818",
    .needs = METRIC_INPUT | METRIC_OTHER,
    .slot = "other",
    .work_doubles = work_doubles,
    .run = run,
};
