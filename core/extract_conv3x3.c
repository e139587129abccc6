/** @file
 *  A virtual 3x3 convolution:  gamma_u = X_u g_u', where X_u holds the 9 K activations of the window
 *  around u, zero-padded: 9 K x K entries, never made.  The stats of X_u are window sums and extremes
 *  of the stats of a; then the closed forms of the outer product hold. */
#include "core/extract.h"
#include "core/window3.h"

/* Planes of the stats of X_u, and one of scratch. */
enum { PLANES = 6 };

static size_t work_bytes(int width, int rows)
{
  return PLANES * (size_t)rows * (size_t)width * sizeof(double);
}

static void window(const struct extract_call *c, enum window3_kind kind, const double *a, double *x)
{
  double *tmp = (double *)c->work + 5 * (ptrdiff_t)c->rows * c->at.width;
  window3(kind, a, c->at.height, c->at.width, c->row, c->rows, tmp, x);
}

static void run(const struct extract_call *c)
{
  const int n = c->rows * c->at.width;
  const struct stats x = stats_at(c->work, n);
  if (c->wanted & STATS_SUM) window(c, WINDOW3_SUM, c->a->sum, x.sum);
  if (c->wanted & STATS_EXTREMES) {
    window(c, WINDOW3_MAX, c->a->max, x.max);
    window(c, WINDOW3_MIN, c->a->min, x.min);
  }
  if (c->wanted & (STATS_SQUARES | STATS_EXTREMES)) {
    window(c, WINDOW3_SUM, c->a->pos2, x.pos2);
    window(c, WINDOW3_SUM, c->a->neg2, x.neg2);
  }
  stats_of_outer_product(&x, c->g, n, c->wanted, c->out);
}

const struct extract extract_conv3x3 = {
    .name = "conv3x3",
    .formula = "gamma_u = X_u g_u' with X_u the zero-padded 3x3 window of a around u",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, phase 1",
    .reads_activation = true,
    .needs = EXTRACT_STATS_A | EXTRACT_STATS_G,
    .work_bytes = work_bytes,
    .run = run,
};
