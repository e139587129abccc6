/** @file
 *  Class activation mapping:  gamma_u = w * a_u with w_k = mean over u of g_k: the scaling extract
 *  after the signal was replaced by its spatial mean. */
#include "core/extract.h"

/** w[k] = mean over the positions of channel k of the signal. */
static void means(const struct extract_site *at, int64_t positions, double *w)
{
  for (int k = 0; k < at->channels; k++) {
    const real *g = at->g + k * at->stride;
    double sum = 0.0;
    for (int64_t u = 0; u < positions; u++) sum += (double)g[u];
    w[k] = sum / (double)positions;
  }
}

static void run(const struct extract_call *c)
{
  const struct extract_site *at = &c->at;
  const int64_t positions = (int64_t)at->height * at->width;
  double gamma[STATS_BLOCK];

  means(at, positions, c->work);
  for (int64_t first = 0; first < positions; first += STATS_BLOCK) {
    const int n = positions - first < STATS_BLOCK ? (int)(positions - first) : STATS_BLOCK;
    stats_begin(c->out, first, n);
    for (int k = 0; k < at->channels; k++) {
      const real *restrict a = at->a + k * at->stride + first;
      const double w = c->work[k];
      for (int u = 0; u < n; u++) gamma[u] = w * (double)a[u];
      stats_add(c->out, first, n, gamma);
    }
  }
}

const struct extract extract_cam = {
    .name = "cam",
    .formula = "gamma_u = mean_v(g_v) * a_u (element by element)",
    .source = "Selvaraju et al. 2017, arXiv:1610.02391, eq. 1",
    .reads_activation = true,
    .run = run,
};
