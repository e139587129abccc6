/** @file
 *  A virtual 3x3 convolution:  gamma_u = X_u g_u', where X_u holds the 9 K activations of the window
 *  around u, zero-padded: 9 K x K entries, never made.  The stats of X_u are window sums and extremes
 *  of the stats of a; then the closed forms of the outer product hold. */
#include "core/extract.h"
#include "core/window3.h"

static void run(const struct extract_call *c)
{
  const int height = c->at.height, width = c->at.width;
  const int64_t n = (int64_t)height * width;
  const struct stats x = stats_at(c->work, n);
  double *tmp = c->work + 5 * n;

  window3(WINDOW3_SUM, c->a->sum, height, width, tmp, x.sum);
  window3(WINDOW3_MAX, c->a->max, height, width, tmp, x.max);
  window3(WINDOW3_MIN, c->a->min, height, width, tmp, x.min);
  window3(WINDOW3_SUM, c->a->pos2, height, width, tmp, x.pos2);
  window3(WINDOW3_SUM, c->a->neg2, height, width, tmp, x.neg2);
  stats_of_outer_product(&x, c->g, n, c->out);
}

const struct extract extract_conv3x3 = {
    .name = "conv3x3",
    .formula = "gamma_u = X_u g_u' with X_u the zero-padded 3x3 window of a around u",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, phase 1",
    .reads_activation = true,
    .needs = EXTRACT_STATS_A | EXTRACT_STATS_G,
    .work_planes = 6,
    .run = run,
};
