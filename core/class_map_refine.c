/** @file
 *  Refinement: what the last convolution responds to in the map is made larger.
 *  After Akhtar, Jalwana, Bennamoun and Mian 2020 (as far as that is known): Otsu's threshold of the mean
 *  activation; Otsu 1979, doi:10.1109/TSMC.1979.4310076. */
#include "core/class_map_impl.h"
#include "core/upsample.h"

#include <math.h>
#include <string.h>

enum { BINS = 256 };

/** The bin up to which Otsu's threshold reaches: where the variance between both sides is largest. */
static int split_bins(const int64_t *count, int64_t n)
{
  double all = 0.0, below = 0.0, sum = 0.0, best = -1.0;
  int at = 0;
  for (int k = 0; k < BINS; k++) all += (double)k * (double)count[k];
  for (int k = 0; k < BINS - 1; k++) {
    below += (double)count[k];
    sum += (double)k * (double)count[k];
    const double above = (double)n - below;
    if (below == 0.0 || above == 0.0) continue;
    const double apart = sum / below - (all - sum) / above;
    const double between = below * above * apart * apart;
    if (between > best) {
      best = between;
      at = k;
    }
  }
  return at;
}

struct histogram {
  double low, width; /* of a bin; 0: all values are equal */
  int64_t count[BINS];
};

static int bin_of(const struct histogram *h, real a)
{
  const int bin = h->width > 0.0 ? (int)(((double)a - h->low) / h->width) : 0;
  return bin < BINS ? bin : BINS - 1;
}

static void count_values(const real *a, int64_t n, struct histogram *h)
{
  double low = (double)a[0], high = low;
  for (int64_t u = 0; u < n; u++) {
    low = fmin(low, (double)a[u]);
    high = fmax(high, (double)a[u]);
  }
  *h = (struct histogram){.low = low, .width = (high - low) / BINS};
  for (int64_t u = 0; u < n; u++) h->count[bin_of(h, a[u])]++;
}

/** seen = 1 + (gain - 1) [a > t]. */
static void make_mask(struct class_map *m, const real *a, int64_t n)
{
  struct histogram h;
  count_values(a, n, &h);
  const int at = split_bins(h.count, n);
  for (int64_t u = 0; u < n; u++)
    m->seen[u] = bin_of(&h, a[u]) > at ? (float)m->set->refine_gain : 1.0F;
}

void class_map_refine(struct class_map *m, real *to)
{
  int h = 0, w = 0;
  if (to != m->state) memcpy(to, m->state, (size_t)m->pixels * sizeof *to);
  if (!class_engine_attention(m->engine, &h, &w)) return;
  for (int64_t u = 0; u < m->pixels; u++) m->z[u] = synthetic_clip(0.5 + (double)m->state[u]);
  (void)class_engine_forward(m->engine, 1, m->z);
  (void)class_engine_backward(m->engine, m->set->loss, m->targets, NULL);
  make_mask(m, class_engine_attention(m->engine, &h, &w), (int64_t)h * w);
  upsample_bilinear(m->seen, h, w, m->factor, m->height, m->width);
  for (int64_t u = 0; u < m->pixels; u++)
    to[u] = (real)((double)to[u] * (double)m->factor[u % m->plane]);
  class_map_project(m->set, m->pixels, to);
}
