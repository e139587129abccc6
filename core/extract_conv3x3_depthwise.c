/** @file
 *  A virtual depthwise 3x3 convolution:  gamma_u[k, d] = a[k, u + d] g[k, u], 9 K entries.
 *
 *  Per channel the nine entries are a window of a times one number, so their sums are window sums:
 *    sum = g box(a),  max = g box_max(a) for g > 0, g box_min(a) else,
 *    pos2 = g+^2 box(a+^2) + g-^2 box(a-^2),  neg2 = g+^2 box(a-^2) + g-^2 box(a+^2). */
#include "core/extract.h"
#include "core/simd.h"
#include "core/window3.h"

/** Planes of one channel: a, its squared halves, then the windows of them. */
SIMD static void windows(const real *a, int height, int width, double *plane, const struct stats *x)
{
  const int64_t n = (int64_t)height * width;
  double *v = plane, *pos2 = plane + n, *neg2 = plane + 2 * n, *tmp = plane + 3 * n;

  SIMD_INDEPENDENT /* the planes do not overlap */
      for (int64_t u = 0; u < n; u++)
  {
    const double p = a[u] <= REAL(0.0) ? 0.0 : (double)a[u];
    const double m = a[u] >= REAL(0.0) ? 0.0 : (double)a[u];
    v[u] = (double)a[u];
    pos2[u] = p * p;
    neg2[u] = m * m;
  }
  window3(WINDOW3_SUM, v, height, width, tmp, x->sum);
  window3(WINDOW3_MAX, v, height, width, tmp, x->max);
  window3(WINDOW3_MIN, v, height, width, tmp, x->min);
  window3(WINDOW3_SUM, pos2, height, width, tmp, x->pos2);
  window3(WINDOW3_SUM, neg2, height, width, tmp, x->neg2);
}

SIMD static void accumulate(const struct stats *x, const real *g, int64_t n, const struct stats *s)
{
  SIMD_INDEPENDENT /* the planes of x and s do not overlap */
      for (int64_t u = 0; u < n; u++)
  {
    const double v = (double)g[u], v2 = v * v;
    const double up = v > 0.0 ? v * x->max[u] : v * x->min[u];
    const double down = v > 0.0 ? v * x->min[u] : v * x->max[u];
    s->sum[u] += v * x->sum[u];
    s->max[u] = stats_larger(s->max[u], up);
    s->min[u] = stats_smaller(s->min[u], down);
    s->pos2[u] += v2 * (v > 0.0 ? x->pos2[u] : x->neg2[u]);
    s->neg2[u] += v2 * (v > 0.0 ? x->neg2[u] : x->pos2[u]);
  }
}

static void run(const struct extract_call *c)
{
  const int height = c->at.height, width = c->at.width;
  const int64_t n = (int64_t)height * width;
  const struct stats x = stats_at(c->work, n);

  for (int64_t first = 0; first < n; first += STATS_BLOCK)
    stats_begin(c->out, first, n - first < STATS_BLOCK ? (int)(n - first) : STATS_BLOCK);
  for (int k = 0; k < c->at.channels; k++) {
    windows(c->at.a + k * c->at.stride, height, width, c->work + 5 * n, &x);
    accumulate(&x, c->at.g + k * c->at.stride, n, c->out);
  }
}

const struct extract extract_conv3x3_depthwise = {
    .name = "conv3x3_depthwise",
    .formula = "gamma_u[k, d] = a[k, u + d] g[k, u] over the zero-padded 3x3 window d",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, phase 1",
    .reads_activation = true,
    .work_planes = 9,
    .run = run,
};
