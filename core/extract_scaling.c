/** @file
 *  A virtual scaling:  gamma_u = a_u * g_u, element by element, K entries. */
#include "core/extract.h"

static void run(const struct extract_call *c)
{
  const struct extract_site *at = &c->at;
  const int64_t positions = (int64_t)at->height * at->width;
  double gamma[STATS_BLOCK];
  for (int64_t first = 0; first < positions; first += STATS_BLOCK) {
    const int n = positions - first < STATS_BLOCK ? (int)(positions - first) : STATS_BLOCK;
    stats_begin(c->out, first, n);
    for (int k = 0; k < at->channels; k++) {
      const real *restrict a = at->a + k * at->stride + first;
      const real *restrict g = at->g + k * at->stride + first;
      for (int u = 0; u < n; u++) gamma[u] = (double)a[u] * (double)g[u];
      stats_add(c->out, first, n, gamma);
    }
  }
}

const struct extract extract_scaling = {
    .name = "scaling",
    .formula = "gamma_u = a_u * g_u (element by element)",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, phase 1",
    .reads_activation = true,
    .run = run,
};
