/** @file
 *  Ranges, colours and captions of maps. */
#include "jobs/cell.h"

#include "core/upsample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_floats(const void *a, const void *b)
{
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/** Value at 99.5 % of n sorted values. */
static double percentile(const float *sorted, int64_t n)
{
  const double at = 0.995 * (double)(n - 1);
  const int64_t low = (int64_t)at, high = low + 1 < n ? low + 1 : low;
  return (double)sorted[low] + (at - (double)low) * ((double)sorted[high] - (double)sorted[low]);
}

struct cell_scale cell_scale(const float *map, int64_t n, float *room)
{
  int64_t finite = 0;
  float least = INFINITY, most = -INFINITY;

  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(map[i])) continue;
    least = fminf(least, map[i]);
    most = fmaxf(most, map[i]);
    room[finite++] = fabsf(map[i]);
  }
  if (!finite) return (struct cell_scale){CELL_BLANK, 0.0};
  if (!(least < most)) return (struct cell_scale){CELL_FLAT, (double)least};
  qsort(room, (size_t)finite, sizeof *room, compare_floats);
  const double range = percentile(room, finite);
  return (struct cell_scale){CELL_MAP, range > 0.0 ? range : (double)room[finite - 1]};
}

/** How many times larger than the rectangle a map is made before averaging. */
static int multiple(const struct cell *c)
{
  const int tall = (c->map_height + c->height - 1) / c->height;
  const int wide = (c->map_width + c->width - 1) / c->width;
  return tall > wide ? tall : wide;
}

int64_t cell_room(const struct cell *c)
{
  const int64_t times = multiple(c);
  return (int64_t)c->height * c->width * times * times;
}

/** The map at the rectangle's size; `large` [cell_room] is overwritten, its first values are it. */
static void scale_map(const struct cell *c, float *large)
{
  const int times = multiple(c), wide = c->width * times;

  upsample_bilinear(c->map, c->map_height, c->map_width, large, c->height * times, wide);
  for (int y = 0; y < c->height && times > 1; y++) {
    for (int x = 0; x < c->width; x++) {
      const float *row = large + (int64_t)y * times * wide + (int64_t)x * times;
      double sum = 0.0;
      for (int v = 0; v < times; v++) {
        for (int u = 0; u < times; u++) sum += (double)row[(int64_t)v * wide + u];
      }
      /* place (y, x) lies before every value that is still to be read */
      large[(int64_t)y * c->width + x] = (float)(sum / (times * times));
    }
  }
}

static uint8_t mix(uint8_t below, uint8_t above, double part)
{
  return (uint8_t)lround((double)below + part * ((double)above - (double)below));
}

void cell_paint(const struct cell *c, const struct cell_scale *scale,
                const struct colormap *sequential, const struct colormap *diverging, float *room,
                uint8_t *rgb)
{
  static const uint8_t no_value[3] = {176, 176, 176};
  const int64_t n = (int64_t)c->height * c->width;

  scale_map(c, room);
  for (int64_t i = 0; i < n; i++, rgb += 3) {
    const double t = (double)room[i] / scale->range;
    const uint8_t *color =
        c->is_signed ? colormap_at(diverging, 0.5 * (t + 1.0)) : colormap_at(sequential, t);
    if (isnan(t)) color = no_value;
    memcpy(rgb, color, 3);
    if (!c->grey) continue;
    const double part = isnan(t) ? 0.2 : 0.2 + 0.6 * fmin(fabs(t), 1.0);
    for (int k = 0; k < 3; k++) rgb[k] = mix(c->grey[i], color[k], part);
  }
}

const char *cell_number(double value, char text[24])
{
  const double size = fabs(value);

  if (size == 0.0) return memcpy(text, "0", 2);
  if (size >= 0.00095 && size < 9995.0) {
    const int digits = size < 0.0095 ? 4 : size < 0.095 ? 3 : size < 0.95 ? 2 : size < 9.5 ? 1 : 0;
    (void)snprintf(text, 24, "%.*f", digits, value);
    return text;
  }
  char wide[24];
  int exponent = 0;
  (void)snprintf(wide, sizeof wide, "%.1e", value);
  char *e = strchr(wide, 'e');
  if (e) {
    exponent = (int)strtol(e + 1, NULL, 10);
    *e = 0;
  }
  (void)snprintf(text, 24, "%.15se%d", wide, exponent);
  return text;
}

const char *cell_caption(const struct cell_scale *scale, bool is_signed, char text[48])
{
  char number[24];

  (void)cell_number(scale->range, number);
  text[0] = 0;
  if (scale->kind == CELL_FLAT)
    (void)snprintf(text, 48, scale->range == 0.0 ? "all 0" : "constant %s", number);
  if (scale->kind == CELL_MAP) (void)snprintf(text, 48, is_signed ? "± %s" : "0 … %s", number);
  return text;
}
