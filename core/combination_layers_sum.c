/** @file
 *  Weighted mean of normalised maps:  sum_i v_i m_i. */
#include "core/combination_layers.h"

#include <math.h>

static double run(const struct combination_call *c)
{
  const int64_t n = (int64_t)c->height * c->width;
  for (int64_t u = 0; u < n; u++) c->sum[u] = 0.0;
  for (int i = 0; i < c->n; i++) {
    const double v = combination_layers_map(c, i);
    for (int64_t u = 0; u < n; u++) c->sum[u] += v * (double)c->up[u];
  }
  for (int64_t u = 0; u < n; u++) c->out[u] = (float)c->sum[u];
  return (double)NAN;
}

const struct combination combination_layers_sum = {
    .name = "layers_sum",
    .formula = "sum over layers i of v_i mm(up(s_i)), v = w / sum w, mm from 0 to 1",
    .cost = "as the method's: all layers share its passes",
    .limits = "absolute values: every layer is scaled from 0 to 1",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, and its code",
    .params = combination_layers_params,
    .of = "gradient/conv1x1/norm",
    .is_signed = combination_layers_signed,
    .parts = combination_layers_parts,
    .run = run,
};
