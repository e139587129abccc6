/** @file
 *  A virtual 1x1 convolution:  gamma_u = a_u g_u', K x K entries, never made: see the closed forms of
 *  stats_of_outer_product. */
#include "core/extract.h"

static void run(const struct extract_call *c)
{
  const struct stats a = stats_from(c->a, (int64_t)c->row * c->at.width);
  stats_of_outer_product(&a, c->g, c->rows * c->at.width, c->wanted, c->out);
}

const struct extract extract_conv1x1 = {
    .name = "conv1x1",
    .formula = "gamma_u = a_u g_u' (outer product)",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, phase 1",
    .reads_activation = true,
    .needs = EXTRACT_STATS_A | EXTRACT_STATS_G,
    .run = run,
};
