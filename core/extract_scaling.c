/** @file
 *  A virtual scaling:  gamma_u = a_u * g_u, element by element, K entries. */
#include "core/extract.h"

static void run(const struct extract_call *c)
{
  const struct extract_site *at = &c->at;
  const int64_t first = (int64_t)c->row * at->width;
  stats_of_products(at->a + first, at->g + first, at->channels, at->stride, c->rows * at->width,
                    c->wanted, c->out);
}

const struct extract extract_scaling = {
    .name = "scaling",
    .formula = "gamma_u = a_u * g_u (element by element)",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, phase 1",
    .reads_activation = true,
    .run = run,
};
