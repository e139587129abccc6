/** @file
 *  From an iteration's sums to the next map. */
#include "core/blur.h"
#include "core/class_map_impl.h"
#include "core/rows.h"

#include <math.h>

/** x^n, without the mathematics library's say in the bits. */
static double power(double x, int64_t n)
{
  double y = 1.0;
  for (; n; n /= 2, x *= x)
    if (n % 2) y *= x;
  return y;
}

SIMD static double square_sum(const real *x, int64_t n)
{
  double sum;
  ROWS_SUM(n, (double)x[i] * (double)x[i], sum);
  return sum;
}

void class_map_project(const struct class_map_settings *s, int64_t n, real *p)
{
  if (s->norm == CLASS_NORM_L2) {
    const double size = sqrt(square_sum(p, n)), radius = s->eta * sqrt((double)n);
    const double by =
        size > radius || (size > 0.0 && s->surface == CLASS_SURFACE_SPHERE) ? radius / size : 1.0;
    for (int64_t i = 0; i < n; i++) p[i] = (real)(by * (double)p[i]);
    return;
  }
  double most = 0.0;
  for (int64_t i = 0; i < n; i++) most = fmax(most, fabs((double)p[i]));
  const double by =
      s->surface == CLASS_SURFACE_SPHERE && most > 0.0 && most < s->eta ? s->eta / most : 1.0;
  for (int64_t i = 0; i < n; i++) p[i] = (real)fmin(fmax(by * (double)p[i], -s->eta), s->eta);
}

/** G, and the sums of its halves. */
static void fold(struct class_map *m)
{
  const double by = 1.0 / ((double)m->set->samples * m->set->inner);
  real *even = m->state + CLASS_MAP_EVEN * m->pixels, *odd = m->state + CLASS_MAP_ODD * m->pixels;
  for (int64_t u = 0; u < m->pixels; u++) {
    double half[2] = {0.0, 0.0}, all = 0.0;
    for (int k = 0; k < m->blocks; k++) {
      const double g = by * m->sums[k * m->pixels + u];
      all += g;
      half[k % 2] += g;
    }
    even[u] = (real)((double)even[u] + half[0]);
    odd[u] = (real)((double)odd[u] + half[1]);
    m->mean[u] = (real)all;
  }
}

/** mean becomes the direction r. */
static void take_moments(struct class_map *m)
{
  const struct class_map_settings *s = m->set;
  if (s->moment == CLASS_MOMENT_NONE) return;
  real *first = m->state + CLASS_MAP_FIRST * m->pixels;
  real *second = m->state + CLASS_MAP_SECOND * m->pixels;
  const double whole1 = 1.0 - power(s->beta1, m->iteration + 1);
  const double whole2 = 1.0 - power(s->beta2, m->iteration + 1);
  for (int64_t u = 0; u < m->pixels; u++) {
    const double g = (double)m->mean[u];
    first[u] = (real)(s->beta1 * (double)first[u] + (1.0 - s->beta1) * g);
    double r = (double)first[u] / whole1;
    if (s->moment == CLASS_MOMENT_ADAM) {
      second[u] = (real)(s->beta2 * (double)second[u] + (1.0 - s->beta2) * g * g);
      r /= sqrt((double)second[u] / whole2) + 1e-8;
    }
    m->mean[u] = (real)r;
  }
}

void class_map_step(struct class_map *m)
{
  const struct class_map_settings *s = m->set;
  double most = 0.0;
  fold(m);
  for (int c = 0; s->blur > 0.0 && c < m->scale->channels; c++) {
    real *g = m->mean + c * m->plane;
    blur_plane(g, m->height, m->width, s->blur, m->draw, g);
  }
  take_moments(m);
  for (int64_t u = 0; u < m->pixels; u++) most = fmax(most, fabs((double)m->mean[u]));
  for (int64_t u = 0; most > 0.0 && u < m->pixels; u++)
    m->state[u] = (real)((double)m->state[u] + s->step * (double)m->mean[u] / most);
  class_map_project(s, m->pixels, m->state);
  m->iteration++;
  if (s->refine && m->iteration % s->refine == 0) class_map_refine(m, m->state);
}
