/** @file
 *  A virtual bias:  gamma_u = g_u, K entries. */
#include "core/extract.h"

#include <string.h>

static void run(const struct extract_call *c)
{
  const size_t bytes = (size_t)c->at.height * (size_t)c->at.width * sizeof(double);
  memcpy(c->out->sum, c->g->sum, bytes);
  memcpy(c->out->max, c->g->max, bytes);
  memcpy(c->out->min, c->g->min, bytes);
  memcpy(c->out->pos2, c->g->pos2, bytes);
  memcpy(c->out->neg2, c->g->neg2, bytes);
}

const struct extract extract_bias = {
    .name = "bias",
    .formula = "gamma_u = g_u",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, phase 1",
    .needs = EXTRACT_STATS_G,
    .run = run,
};
