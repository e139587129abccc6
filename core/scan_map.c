/** @file
 *  A class's map on pool images of other classes. */
#include "core/scan_push.h"

#include <math.h>
#include <string.h>

void scan_add(const void *map, const struct scan_lab *l, real *image)
{
  const real *p = map;
  for (int64_t u = 0; u < l->pixels; u++)
    image[u] = synthetic_clip((double)image[u] + (double)p[u]);
}

/** G -= g / |g| of each of n images. */
static void add_directions(const struct scan_lab *l, int n, const real *g, real *sum)
{
  for (int b = 0; b < n; b++, g += l->pixels) {
    const double length = scan_length(l->pixels, g);
    if (!(length > 0.0)) continue;
    for (int64_t u = 0; u < l->pixels; u++) sum[u] -= (real)((double)g[u] / length);
  }
}

/** p <- clip(p + step sign(G), -bound, bound) */
static void step_signed(const struct scan_map_settings *s, const struct scan_lab *l,
                        const real *sum, real *p)
{
  for (int64_t u = 0; u < l->pixels; u++) {
    const double to = (double)p[u] + (sum[u] > 0 ? s->step : sum[u] < 0 ? -s->step : 0.0);
    p[u] = (real)(to > s->bound ? s->bound : to < -s->bound ? -s->bound : to);
  }
}

/** p <- ball(p + step G / max|G|) */
static void step_in_ball(const struct scan_map_settings *s, const struct scan_lab *l,
                         const real *sum, real *p)
{
  double most = 0.0;
  for (int64_t u = 0; u < l->pixels; u++) most = fmax(most, fabs((double)sum[u]));
  if (!(most > 0.0)) return;
  for (int64_t u = 0; u < l->pixels; u++)
    p[u] = (real)((double)p[u] + s->step * (double)sum[u] / most);
  const double length = scan_length(l->pixels, p), radius = s->eta * l->root;
  if (length <= radius) return;
  for (int64_t u = 0; u < l->pixels; u++) p[u] = (real)((double)p[u] * radius / length);
}

void scan_map(const struct scan_map_settings *s, struct scan_lab *l, const struct scan_pool *p,
              int target, const int *index, int n, real *sum, real *map)
{
  int next = 0;
  memset(map, 0, (size_t)l->pixels * sizeof *map);
  for (int t = 0; t < s->steps && n; t++) {
    memset(sum, 0, (size_t)l->pixels * sizeof *sum);
    for (int i = 0; i < s->samples; i += l->batch) {
      const int m = s->samples - i < l->batch ? s->samples - i : l->batch;
      for (int b = 0; b < m; b++, next = (next + 1) % n) {
        real *to = l->images + b * l->pixels;
        memcpy(to, p->images + index[next] * l->pixels, (size_t)l->pixels * sizeof *to);
        scan_add(map, l, to);
      }
      add_directions(l, m, scan_descend(l, m, target, NULL), sum);
    }
    if (s->bound > 0.0) {
      step_signed(s, l, sum, map);
    } else {
      step_in_ball(s, l, sum, map);
    }
  }
}
