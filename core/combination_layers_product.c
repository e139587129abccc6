/** @file
 *  Weighted geometric mean of normalised maps:  prod_i m_i^v_i.  Every m_i has a 0, so the product has one at
 *  each layer's least place (METHODS 8.5). */
#include "core/combination_layers.h"
#include "core/power.h"

#include <math.h>

static double run(const struct combination_call *c)
{
  const int64_t n = (int64_t)c->height * c->width;
  for (int64_t u = 0; u < n; u++) c->sum[u] = 1.0;
  for (int i = 0; i < c->n; i++) {
    const double v = combination_layers_map(c, i);
    for (int64_t u = 0; u < n && v > 0.0; u++) c->sum[u] *= power_between(c->up[u], v);
  }
  for (int64_t u = 0; u < n; u++) c->out[u] = (float)c->sum[u];
  return (double)NAN;
}

const struct combination combination_layers_product = {
    .name = "layers_product",
    .formula = "product over layers i of mm(up(s_i))^v_i, v = w / sum w, mm from 0 to 1",
    .cost = "as the method's: all layers share its passes",
    .limits = "what one layer has at its least: that is 0; absolute values",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, and its code",
    .params = combination_layers_params,
    .of = "gradient/conv1x1/norm",
    .is_signed = combination_layers_signed,
    .parts = combination_layers_parts,
    .run = run,
};
