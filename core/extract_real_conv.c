/** @file
 *  The real convolution that made the tap, instead of a virtual one behind it:  gamma_u = X_u g_u', where
 *  X_u holds what that convolution read for its output at u: its own kernel, stride, padding (zeros) and
 *  dilation, every channel whatever its groups.  Its norm is the non-virtual NormGrad. */
#include "core/extract.h"

enum { PLANES = 5 };

static size_t work_bytes(int width, int rows)
{
  return PLANES * (size_t)rows * (size_t)width * sizeof(double);
}

/** Output (row, column) of the convolution, as number i of the band: stats of its window. */
static void window_stats(const struct extract_call *c, int row, int column, int64_t i,
                         const struct stats *to)
{
  const struct extract_input *in = c->at.input;
  const struct window *w = in->window;
  const struct window_range rows = window_taps(w, 0, row, in->height);
  const struct window_range columns = window_taps(w, 1, column, in->width);
  const int cells = (rows.last - rows.first) * (columns.last - columns.first);
  const bool padded = cells < w->kernel[0] * w->kernel[1];
  const double none = padded ? 0.0 : (double)INFINITY;
  double sum = 0.0, max = -none, min = none, pos2 = 0.0, neg2 = 0.0;
  for (int k = rows.first; k < rows.last; k++) {
    for (int l = columns.first; l < columns.last; l++) {
      const int64_t u = (int64_t)(window_start(w, 0, row) + k * w->dilation[0]) * in->width +
                        window_start(w, 1, column) + (int64_t)l * w->dilation[1];
      sum += c->input->sum[u];
      max = stats_larger(max, c->input->max[u]);
      min = stats_smaller(min, c->input->min[u]);
      pos2 += c->input->pos2[u];
      neg2 += c->input->neg2[u];
    }
  }
  to->sum[i] = sum;
  to->max[i] = stats_unless_nan(max, pos2);
  to->min[i] = stats_unless_nan(min, pos2);
  to->pos2[i] = pos2;
  to->neg2[i] = neg2;
}

static void run(const struct extract_call *c)
{
  const int width = c->at.width, n = c->rows * width;
  const struct stats x = stats_at(c->work, n);
  for (int i = 0; i < n; i++) window_stats(c, c->row + i / width, i % width, i, &x);
  stats_of_outer_product(&x, c->g, n, c->wanted, c->out);
}

const struct extract extract_real_conv = {
    .name = "real_conv",
    .formula = "gamma_u = X_u g_u' with X_u what the convolution that made the tap read for u",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866 (the layer itself instead of a virtual one)",
    .reads_input = true,
    .needs = EXTRACT_STATS_G,
    .work_bytes = work_bytes,
    .run = run,
};
