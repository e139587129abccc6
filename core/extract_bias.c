/** @file
 *  A virtual bias:  gamma_u = g_u, K entries. */
#include "core/extract.h"

#include <string.h>

static void copy(double *to, const double *from, const struct extract_call *c)
{
  memcpy(to, from, (size_t)c->rows * (size_t)c->at.width * sizeof *to);
}

static void run(const struct extract_call *c)
{
  if (c->wanted & STATS_SUM) copy(c->out->sum, c->g->sum, c);
  if (c->wanted & STATS_MAX) copy(c->out->max, c->g->max, c);
  if (c->wanted & STATS_MIN) copy(c->out->min, c->g->min, c);
  if (c->wanted & STATS_POS2) copy(c->out->pos2, c->g->pos2, c);
  if (c->wanted & STATS_NEG2) copy(c->out->neg2, c->g->neg2, c);
}

const struct extract extract_bias = {
    .name = "bias",
    .formula = "gamma_u = g_u",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, phase 1",
    .needs = EXTRACT_STATS_G,
    .run = run,
};
