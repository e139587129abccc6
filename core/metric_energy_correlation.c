/** @file
 *  Correlation with the class-free energy. */
#include "core/metric.h"
#include "core/similarity.h"

static size_t work_doubles(const struct metric_map *m)
{
  return similarity_spearman.work_doubles(m->height, m->width);
}

static double run(const struct metric_map *m, double *work)
{
  return similarity_of(&similarity_spearman, m->map, m->energy, m->height, m->width, work);
}

const struct metric metric_energy_correlation = {
    .name = "energy_correlation",
    .formula =
        "Spearman's correlation of the map with sum_k a_k at the same layer (method `energy`)",
    .range = "-1 to 1",
    .better = "neither: near 1 the map shows where the layer is active, not the class",
    .ties = "average ranks.  NaN where one of both is constant",
    .traps = "the study must hold the method `energy` at the layer",
    .source = "Khakzar et al. 2020, arXiv:2012.00362",
    .needs = METRIC_ENERGY,
    .work_doubles = work_doubles,
    .run = run,
};
